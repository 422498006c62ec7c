#include "optimizers/box/box_ascent.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

namespace thalweg {

namespace {

constexpr double kSignStep = std::numeric_limits<double>::infinity();
constexpr double kShorter = 0.25;  // from one trial to the next
constexpr double kLonger = 16.0;   // the next arc's first trial
constexpr double kLongest = 1e6;   // half widths; beyond it a sign step is tried
constexpr double kSufficient = 1e-4;

/// The projected gradient arc from x.
class Arc {
 public:
  Arc(std::span<const double> x, std::span<const double> g, std::span<const double> lower,
      std::span<const double> upper)
      : x_(x), g_(g), lower_(lower), upper_(upper) {
    for (std::size_t i = 0; i < x.size(); ++i) {
      steepest_ = std::max(steepest_, half_width(i) * std::abs(g[i]));
    }
  }

  void at(double t, std::span<double> out) const {
    for (std::size_t i = 0; i < x_.size(); ++i) {
      if (g_[i] == 0.0) {
        out[i] = x_[i];
      } else if (t == kSignStep) {
        out[i] = g_[i] > 0.0 ? upper_[i] : lower_[i];
      } else {
        const double w = half_width(i);
        out[i] = std::clamp(x_[i] + t * w * (w * g_[i] / steepest_), lower_[i], upper_[i]);
      }
    }
  }

  /// g·(z − x).
  [[nodiscard]] double promise(std::span<const double> z) const {
    double sum = 0.0;
    for (std::size_t i = 0; i < x_.size(); ++i) sum += g_[i] * (z[i] - x_[i]);
    return sum;
  }

 private:
  [[nodiscard]] double half_width(std::size_t i) const { return 0.5 * (upper_[i] - lower_[i]); }
  std::span<const double> x_;
  std::span<const double> g_;
  std::span<const double> lower_;
  std::span<const double> upper_;
  double steepest_ = 0.0;
};

}  // namespace

BoxAscentResult maximise_in_box(const BoxFunction& function, std::span<const double> start,
                                std::span<const double> lower, std::span<const double> upper,
                                const BoxAscentOptions& options) {
  const std::size_t n = start.size();
  BoxAscentResult result;
  result.x.resize(n);
  for (std::size_t i = 0; i < n; ++i) result.x[i] = std::clamp(start[i], lower[i], upper[i]);
  std::vector<double> g(n);
  std::vector<double> trial(n);
  std::vector<double> trial_g(n);
  result.value = function(result.x, g);
  result.start_value = result.value;
  result.evaluations = 1;
  double t = kSignStep;
  while (true) {
    if (!std::isfinite(result.value)) {
      result.exit = "not finite";
      return result;
    }
    const Arc arc(result.x, g, lower, upper);
    arc.at(kSignStep, trial);
    result.gap = arc.promise(trial);
    if (result.gap <= options.tolerance * std::max(result.value - options.base, 0.0)) {
      result.exit = "stationary";
      return result;
    }
    if (result.iterations == options.max_iterations) {
      result.exit = "iterations";
      return result;
    }
    bool rises = false;
    double value = 0.0;
    for (std::int64_t tries = 0; tries < options.max_trials && !rises; ++tries) {
      arc.at(t, trial);
      value = function(trial, trial_g);
      ++result.evaluations;
      rises = std::isfinite(value) && value > result.value &&
              value - result.value >= kSufficient * arc.promise(trial);
      if (!rises) t = t == kSignStep ? 1.0 : t * kShorter;
    }
    if (!rises) {
      result.exit = "no rise";
      return result;
    }
    t = t * kLonger > kLongest ? kSignStep : t * kLonger;
    result.x.swap(trial);
    g.swap(trial_g);
    result.value = value;
    ++result.iterations;
  }
}

}  // namespace thalweg
