#pragma once

#include <algorithm>

#include "base/clock.hpp"

namespace thalweg {

/// Says when a checkpoint is due: so long after the last one as was asked for, and longer where the
/// last one took so much time that checkpoints would cost more than 2 % of the whole. Local.
class CheckpointClock {
 public:
  explicit CheckpointClock(double every_s) : every_s_(every_s) {}

  [[nodiscard]] bool is_due() const {
    return since_.elapsed_s() > std::max(every_s_, cost_s_ / kShare);
  }

  /// Does `save`, which writes a checkpoint, and begins to count anew.
  template <class Save>
  void time(const Save& save) {
    const Stopwatch watch;
    save();
    cost_s_ = watch.elapsed_s();
    since_ = Stopwatch();
  }

 private:
  static constexpr double kShare = 0.02;

  double every_s_;
  double cost_s_ = 0.0;
  Stopwatch since_;
};

}  // namespace thalweg
