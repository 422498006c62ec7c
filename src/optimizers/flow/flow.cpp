#include "optimizers/flow/flow.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <utility>

#include "base/error.hpp"

namespace thalweg {

using dormand_prince::kStages;

namespace {

constexpr double kNone = std::numeric_limits<double>::quiet_NaN();

bool all_finite(std::span<const double> x) {
  return std::all_of(x.begin(), x.end(), [](double value) { return std::isfinite(value); });
}

/// Σ_j w_j k_j, element by element in the order of stages.
void weighted_sum(const dormand_prince::Weights& weights,
                  const std::array<std::vector<double>, kStages>& slopes, std::span<double> sum) {
  std::fill(sum.begin(), sum.end(), 0.0);
  for (std::size_t j = 0; j < kStages; ++j) {
    const double weight = weights[j];
    if (weight == 0.0) continue;
    const double* slope = slopes[j].data();
    for (std::size_t i = 0; i < sum.size(); ++i) sum[i] += weight * slope[i];
  }
}

}  // namespace

Flow::Flow(const VectorSpace& space, const FlowOptions& options, RightHandSide f)
    : space_(&space),
      options_(options),
      f_(std::move(f)),
      point_(static_cast<std::size_t>(space.dimension())),
      trial_(point_.size()) {
  check(options);
  const auto size = static_cast<std::size_t>(space.slice().size());
  for (auto* slice : {&previous_point_, &previous_derivative_, &bend_, &sixth_, &work_}) {
    slice->resize(size);
  }
  for (auto& slope : slopes_) slope.resize(size);
}

double Flow::evaluate(std::span<const double> x, std::vector<double>& derivative) {
  ++counts_.evaluations;
  return f_(x, derivative);
}

void Flow::place(double time, std::span<const double> x) {
  if (x.size() != point_.size()) {
    throw Error(fmt::format("flow: a start of {} elements in a space of {} dimensions", x.size(),
                            point_.size()));
  }
  time_ = previous_time_ = time;
  std::copy(x.begin(), x.end(), point_.begin());
  for (auto* slice : {&previous_point_, &previous_derivative_, &bend_}) {
    std::fill(slice->begin(), slice->end(), 0.0);
  }
}

void Flow::restart(double time, std::span<const double> x, std::span<const double> derivative_slice,
                   double value) {
  place(time, x);
  std::copy(derivative_slice.begin(), derivative_slice.end(), slopes_[0].begin());
  value_ = value;
  ++counts_.evaluations;
  if (control_.step() > 0.0) return;
  control_ = StepControl(options_.first_step > 0.0 ? options_.first_step : choose_first_step());
}

void Flow::begin(double time, std::span<const double> x) {
  place(time, x);
  counts_ = {};
  value_ = evaluate(point_, slopes_[0]);
  if (!std::isfinite(value_) || space_->comm().any(!all_finite(slopes_[0]))) {
    throw Error(fmt::format("flow: the right-hand side is not finite at the start, time {}", time));
  }
  const double first = options_.first_step > 0.0 ? options_.first_step : choose_first_step();
  control_ = StepControl(first);
}

double Flow::choose_first_step() {
  const auto mine = space_->slice_of(std::span<double>(trial_));
  const auto x = space_->slice_of(std::span<const double>(point_));
  trial_ = point_;  // the weights are those of the start
  const double slope_norm = weighted_norm(slopes_[0]);
  const double trial = euler_trial_step(weighted_norm(x), slope_norm);
  for (std::size_t i = 0; i < mine.size(); ++i) mine[i] = x[i] + trial * slopes_[0][i];
  space_->gather_in_place(std::span(trial_));
  // Where the trial leaves the bounds, it is tried as a step, and rejected until it is inside.
  if (!all_finite(trial_) || !std::isfinite(evaluate(trial_, slopes_[1]))) return trial;
  std::copy(x.begin(), x.end(), mine.begin());
  for (std::size_t i = 0; i < mine.size(); ++i) work_[i] = slopes_[1][i] - slopes_[0][i];
  const double change = weighted_norm(work_);
  return std::isfinite(change) ? first_step(trial, slope_norm, change) : trial;
}

/// √(mean (n_i / (atol + rtol max(|x_i|, |y_i|)))²), x the last accepted point, y the trial.
double Flow::weighted_norm(std::span<const double> numerators) {
  const auto x = space_->slice_of(std::span<const double>(point_));
  const auto y = space_->slice_of(std::span<const double>(trial_));
  for (std::size_t i = 0; i < numerators.size(); ++i) {
    const double size = std::max(std::abs(x[i]), std::abs(y[i]));
    work_[i] = numerators[i] / (options_.absolute_tolerance + options_.relative_tolerance * size);
  }
  const double squares =
      space_->dot(std::span<const double>(work_), std::span<const double>(work_));
  return std::sqrt(squares / static_cast<double>(space_->dimension()));
}

void Flow::step(double last_time) {
  if (!(last_time > time_)) {
    throw Error(fmt::format("flow: a step to time {} from time {}", last_time, time_));
  }
  for (std::int64_t rejections = 0;; ++rejections) {
    const double h = control_.step();
    if (!std::isfinite(h)) {
      throw Error(fmt::format("flow: no first step from time {} can be chosen", time_));
    }
    if (underflows(h, time_) || rejections > options_.max_step_rejections) {
      throw Error(fmt::format("flow: no step from time {} is accepted, down to {} after {} tried",
                              time_, h, rejections));
    }
    constexpr double stretch = 1.01;
    const double end = time_ + stretch * h >= last_time ? last_time : time_ + h;
    const double tried = end - time_;
    const double error = attempt(tried);
    if (error <= 1.0) return accept(end, error);
    control_.reject(tried, error);
    ++counts_.rejected;
  }
}

/// The stages and the new point, and its error over the tolerance; not finite where one of them is
/// not. What is not finite in a stage shows in the next one's point, which every rank holds, and in
/// the last stage in the error: all ranks agree without asking.
double Flow::attempt(double h) {
  const auto mine = space_->slice_of(std::span<double>(trial_));
  const auto x = space_->slice_of(std::span<const double>(point_));
  for (std::size_t stage = 1; stage < kStages; ++stage) {
    if (stage + 1 == kStages) std::copy(mine.begin(), mine.end(), sixth_.begin());
    weighted_sum(dormand_prince::kPoints[stage], slopes_, mine);
    for (std::size_t i = 0; i < mine.size(); ++i) mine[i] = x[i] + h * mine[i];
    space_->gather_in_place(std::span(trial_));
    if (!all_finite(trial_)) return kNone;
    trial_value_ = evaluate(trial_, slopes_[stage]);
    if (!std::isfinite(trial_value_)) return kNone;
  }
  weighted_sum(dormand_prince::kError, slopes_, work_);
  for (auto& error : work_) error *= h;
  return weighted_norm(work_);
}

/// Hairer's estimate of h|λ| for the dominant eigenvalue: both of the last stages stand at the
/// step's end, and what parts them lies along its eigenvector.
double Flow::stiffness(double h) {
  const auto norm_of_difference = [&](std::span<const double> a, std::span<const double> b) {
    for (std::size_t i = 0; i < a.size(); ++i) work_[i] = a[i] - b[i];
    return space_->norm(std::span<const double>(work_));
  };
  const double slopes = norm_of_difference(slopes_[kStages - 1], slopes_[kStages - 2]);
  const double points =
      norm_of_difference(space_->slice_of(std::span<const double>(trial_)), sixth_);
  return points > 0.0 ? h * slopes / points : 0.0;
}

void Flow::accept(double end, double error) {
  const double h = end - time_;
  control_.accept(h, error);
  ++counts_.accepted;
  counts_.stiffness = stiffness(h);
  if (counts_.stiffness > dormand_prince::kStabilityBound) ++counts_.stiff;

  weighted_sum(dormand_prince::kBend, slopes_, bend_);
  const auto x = space_->slice_of(std::span<const double>(point_));
  std::copy(x.begin(), x.end(), previous_point_.begin());
  std::swap(previous_derivative_, slopes_.front());
  std::swap(slopes_.front(), slopes_.back());
  std::swap(point_, trial_);
  value_ = trial_value_;
  previous_time_ = std::exchange(time_, end);
}

}  // namespace thalweg
