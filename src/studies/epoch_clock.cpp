#include "studies/epoch_clock.hpp"

#include <algorithm>
#include <utility>

namespace thalweg {

EpochClock::EpochClock(std::int64_t samples, bool drop_last,
                       std::function<std::int64_t(std::int64_t epoch)> batch_of)
    : samples_(samples),
      drop_last_(drop_last),
      batch_of_(std::move(batch_of)),
      found_(start_of(0)) {}

EpochPosition EpochClock::start_of(std::int64_t epoch) const {
  EpochPosition start;
  start.epoch = epoch;
  start.batch = std::min(batch_of_(epoch), samples_);
  start.steps_in_epoch =
      drop_last_ ? samples_ / start.batch : (samples_ + start.batch - 1) / start.batch;
  return start;
}

EpochPosition EpochClock::at(std::int64_t step) const {
  if (step < before_) {
    found_ = start_of(0);
    before_ = 0;
  }
  while (step - before_ >= found_.steps_in_epoch) {
    before_ += found_.steps_in_epoch;
    found_ = start_of(found_.epoch + 1);
  }
  EpochPosition position = found_;
  position.step = step - before_;
  return position;
}

std::int64_t EpochClock::steps_of(std::int64_t epochs) const {
  std::int64_t steps = 0;
  for (std::int64_t epoch = 0; epoch < epochs; ++epoch) steps += start_of(epoch).steps_in_epoch;
  return steps;
}

}  // namespace thalweg
