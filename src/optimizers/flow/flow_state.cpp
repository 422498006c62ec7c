#include <fmt/format.h>

#include <algorithm>

#include "base/error.hpp"
#include "optimizers/flow/flow.hpp"

namespace thalweg {

void Flow::interpolate(double time, std::span<double> x) const {
  if (!(time >= previous_time_ && time <= time_)) {
    throw Error(fmt::format("flow: time {} is not in the last step, {} to {}", time, previous_time_,
                            time_));
  }
  if (time == time_) {
    std::copy(point_.begin(), point_.end(), x.begin());
    return;
  }
  const double h = time_ - previous_time_;
  const double right = (time - previous_time_) / h;
  const double left = 1.0 - right;
  const auto end = space_->slice_of(std::span<const double>(point_));
  const auto mine = space_->slice_of(x);
  for (std::size_t i = 0; i < mine.size(); ++i) {
    const double rise = end[i] - previous_point_[i];
    const double begin_gap = h * previous_derivative_[i] - rise;
    const double end_gap = rise - h * slopes_[0][i] - begin_gap;
    const double cubic = begin_gap + right * (end_gap + left * (h * bend_[i]));
    mine[i] = previous_point_[i] + right * (rise + left * cubic);
  }
  space_->gather_in_place(x);
}

FlowState Flow::save() const {
  const auto whole = [&](const std::vector<double>& slice) {
    std::vector<double> all(point_.size());
    space_->gather(std::span<const double>(slice), std::span(all));
    return all;
  };
  return {.time = time_,
          .previous_time = previous_time_,
          .value = value_,
          .next_step = control_.step(),
          .control_error = control_.error(),
          .counts = counts_,
          .point = point_,
          .derivative = whole(slopes_[0]),
          .previous_point = whole(previous_point_),
          .previous_derivative = whole(previous_derivative_),
          .bend = whole(bend_)};
}

void Flow::restore(const FlowState& state) {
  const auto take = [&](const std::vector<double>& whole, std::vector<double>& slice) {
    if (whole.size() != point_.size()) {
      throw Error(fmt::format("flow: a state of {} elements in a space of {} dimensions",
                              whole.size(), point_.size()));
    }
    const auto mine = space_->slice_of(std::span<const double>(whole));
    std::copy(mine.begin(), mine.end(), slice.begin());
  };
  take(state.point, work_);  // for its length
  point_ = state.point;
  take(state.derivative, slopes_[0]);
  take(state.previous_point, previous_point_);
  take(state.previous_derivative, previous_derivative_);
  take(state.bend, bend_);
  time_ = state.time;
  previous_time_ = state.previous_time;
  value_ = state.value;
  restore(StepControl(state.next_step, state.control_error), state.counts);
}

void Flow::restore(const StepControl& control, const FlowCounts& counts) {
  control_ = control;
  counts_ = counts;
}

}  // namespace thalweg
