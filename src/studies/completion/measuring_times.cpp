#include "studies/completion/measuring_times.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

namespace thalweg {

MeasuringSteps::MeasuringSteps(const CompletionSpec& plan, double learning_rate)
    : per_decade_(plan.points_per_decade), last_(plan.max_steps) {
  for (const double time : plan.times) {
    stated_.push_back(static_cast<std::int64_t>(std::llround(time / learning_rate)));
  }
  if (stated_.empty()) return;
  last_ = std::min(last_, stated_.back());
  next_ = stated_.front();
}

void MeasuringSteps::pass(std::int64_t step) {
  if (!stated_.empty()) {
    const auto after = std::upper_bound(stated_.begin(), stated_.end(), step);
    next_ = after == stated_.end() ? -1 : *after;
    return;
  }
  // The k-th is 10^{k/p}, rounded up, the first that lies behind `step`.
  const auto from = step < 1 ? 0.0 : std::log10(static_cast<double>(step)) * per_decade_;
  for (auto k = static_cast<std::int64_t>(from);; ++k) {
    next_ = static_cast<std::int64_t>(
        std::ceil(std::pow(10.0, static_cast<double>(k) / per_decade_) - 1e-9));
    if (next_ > step) return;
  }
}

MeasuringTimes::MeasuringTimes(const CompletionSpec& plan)
    : stated_(plan.times),
      per_decade_(plan.points_per_decade),
      first_(plan.first_time),
      last_(plan.max_time) {
  if (stated_.empty()) return;
  last_ = std::min(last_, stated_.back());
  next_ = stated_.front();
}

void MeasuringTimes::pass(double time) {
  if (!stated_.empty()) {
    const auto after = std::upper_bound(stated_.begin(), stated_.end(), time);
    next_ = after == stated_.end() ? std::numeric_limits<double>::infinity() : *after;
    return;
  }
  const double from = time < first_ ? 0.0 : std::log10(time / first_) * per_decade_;
  for (auto k = static_cast<std::int64_t>(from);; ++k) {
    next_ = first_ * std::pow(10.0, static_cast<double>(k) / per_decade_);
    if (next_ > time) return;
  }
}

}  // namespace thalweg
