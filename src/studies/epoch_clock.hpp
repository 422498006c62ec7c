#pragma once

#include <cstdint>
#include <functional>

namespace thalweg {

/// Where a step stands in the passes over the training samples.
struct EpochPosition {
  std::int64_t epoch = 0;           ///< whole passes before the step
  std::int64_t step = 0;            ///< steps of this pass before it
  std::int64_t steps_in_epoch = 1;  ///< of this pass
  std::int64_t batch = 1;           ///< samples of a step; the last one of a pass may have fewer
  /// Passes as a number that grows evenly within each.
  [[nodiscard]] double epochs() const {
    return static_cast<double>(epoch) +
           static_cast<double>(step) / static_cast<double>(steps_in_epoch);
  }
};

/// Steps and passes of a run whose batch size may change from pass to pass. A pure function of the
/// step, so that nothing of it needs to be kept in a checkpoint. Local.
class EpochClock {
 public:
  /// `batch_of(epoch)` at least 1; more than `samples` counts as all of them.
  EpochClock(std::int64_t samples, bool drop_last,
             std::function<std::int64_t(std::int64_t epoch)> batch_of);

  [[nodiscard]] EpochPosition at(std::int64_t step) const;
  /// Steps of the first `epochs` passes.
  [[nodiscard]] std::int64_t steps_of(std::int64_t epochs) const;

 private:
  [[nodiscard]] EpochPosition start_of(std::int64_t epoch) const;
  std::int64_t samples_;
  bool drop_last_;
  std::function<std::int64_t(std::int64_t)> batch_of_;
  // The pass found last and the steps before it: a run asks for steps in their order.
  mutable EpochPosition found_;
  mutable std::int64_t before_ = 0;
};

}  // namespace thalweg
