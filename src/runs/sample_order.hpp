#pragma once

#include <cstdint>
#include <vector>

#include "base/philox.hpp"
#include "objectives/objective.hpp"
#include "optimizers/schedule.hpp"

namespace thalweg {

/// The order in which training samples are stepped on: shuffled anew every epoch, from the stream
/// (seed, purpose, epoch).
class SampleOrder {
 public:
  SampleOrder(std::uint64_t seed, Purpose purpose, std::int64_t samples);
  /// The samples of a step, valid until the next call. Local.
  [[nodiscard]] Subset batch(const Schedule::Step& step);

 private:
  std::uint64_t seed_;
  Purpose purpose_;
  std::int64_t epoch_ = -1;
  std::vector<std::int64_t> order_;
};

}  // namespace thalweg
