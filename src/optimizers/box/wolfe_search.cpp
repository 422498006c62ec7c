#include "optimizers/box/wolfe_search.hpp"

#include <algorithm>
#include <cmath>

namespace thalweg {

namespace {

/// The minimiser of the cubic through two points with their slopes, if it has one between or
/// beyond them; `towards` is the second.
double cubic_minimum(const LinePoint& a, const LinePoint& b) {
  const double theta = 3.0 * (a.value - b.value) / (b.step - a.step) + a.slope + b.slope;
  const double scale = std::max({std::abs(theta), std::abs(a.slope), std::abs(b.slope)});
  const double inside =
      std::max(0.0, (theta / scale) * (theta / scale) - (a.slope / scale) * (b.slope / scale));
  double gamma = scale * std::sqrt(inside);
  if (b.step < a.step) gamma = -gamma;
  const double p = (gamma - a.slope) + theta;
  const double q = ((gamma - a.slope) + gamma) + b.slope;
  return a.step + p / q * (b.step - a.step);
}

double secant(const LinePoint& a, const LinePoint& b) {
  return b.step + b.slope / (b.slope - a.slope) * (a.step - b.step);
}

/// The minimiser of the parabola with both values and the slope at a.
double parabola(const LinePoint& a, const LinePoint& b) {
  const double fall = (a.value - b.value) / (b.step - a.step) + a.slope;
  return a.step + a.slope / fall / 2.0 * (b.step - a.step);
}

/// The interval that the search narrows: `best` has the lowest value so far, `other` is its far
/// end. Section 4 of the paper.
class Interval {
 public:
  explicit Interval(const LinePoint& start) : best(start), other(start) {}

  /// Takes up a trial point; returns the next step to try. [low, high] bounds extrapolations.
  double update(const LinePoint& trial, double low, double high) {
    const double extreme = trial.step > best.step ? high : low;
    double next = 0.0;
    if (!(trial.value <= best.value)) {
      next = higher(trial);
      bracketed = true;
      other = trial;
      return between(next);
    }
    if (std::signbit(trial.slope) != std::signbit(best.slope)) {
      const double cubic = cubic_minimum(trial, best);
      const double line = secant(best, trial);
      next = std::abs(cubic - trial.step) > std::abs(line - trial.step) ? cubic : line;
      bracketed = true;
      other = best;
    } else if (std::abs(trial.slope) < std::abs(best.slope)) {
      next = flatter(trial, extreme);
      if (bracketed) {
        const double limit = trial.step + 0.66 * (other.step - trial.step);
        next = trial.step > best.step ? std::min(limit, next) : std::max(limit, next);
      } else {
        next = std::clamp(next, low, high);
      }
    } else {
      next = bracketed ? cubic_minimum(trial, other) : extreme;
    }
    best = trial;
    return bracketed ? between(next) : next;
  }

  LinePoint best;
  LinePoint other;
  bool bracketed = false;

 private:
  /// Where an interpolation fails (values that are not finite), the middle.
  [[nodiscard]] double between(double next) const {
    return std::isfinite(next) ? next : best.step + 0.5 * (other.step - best.step);
  }

  /// The trial is higher: the minimum lies between.
  [[nodiscard]] double higher(const LinePoint& trial) const {
    if (!std::isfinite(trial.value)) return best.step + 0.1 * (trial.step - best.step);
    const double cubic = cubic_minimum(best, trial);
    const double square = parabola(best, trial);
    return std::abs(cubic - best.step) < std::abs(square - best.step)
               ? cubic
               : cubic + (square - cubic) / 2.0;
  }

  /// Lower, falling the same way and less steeply: the cubic may have no minimum beyond.
  [[nodiscard]] double flatter(const LinePoint& trial, double extreme) const {
    const double theta =
        3.0 * (best.value - trial.value) / (trial.step - best.step) + best.slope + trial.slope;
    const double scale = std::max({std::abs(theta), std::abs(best.slope), std::abs(trial.slope)});
    const double inside = std::max(
        0.0, (theta / scale) * (theta / scale) - (best.slope / scale) * (trial.slope / scale));
    double gamma = scale * std::sqrt(inside);
    if (trial.step > best.step) gamma = -gamma;
    const double p = (gamma - trial.slope) + theta;
    const double q = (gamma + (best.slope - trial.slope)) + gamma;
    const double r = p / q;
    double cubic = extreme;
    if (r < 0.0 && gamma != 0.0) cubic = trial.step + r * (best.step - trial.step);
    const double line = secant(best, trial);
    const bool cubic_is_nearer = std::abs(cubic - trial.step) < std::abs(line - trial.step);
    return cubic_is_nearer == bracketed ? cubic : line;
  }
};

}  // namespace

WolfeResult wolfe_search(const std::function<LinePoint(double step)>& function,
                         const LinePoint& start, double first, double longest,
                         const WolfeOptions& options) {
  WolfeResult result;
  const double wanted = options.decrease * start.slope;
  Interval interval(start);
  bool modified = true;  // the auxiliary function f(t) − f(0) − wanted t is searched at first
  double width = longest;
  double width_before = 2.0 * width;
  double low = 0.0;
  double high = first + 4.0 * first;
  double step = std::min(first, longest);
  while (true) {
    result.best = function(step);
    ++result.evaluations;
    const LinePoint& trial = result.best;
    const double line = start.value + step * wanted;
    result.decreased = std::isfinite(trial.value) && trial.value <= line;
    if (modified && result.decreased && trial.slope >= 0.0) modified = false;
    if (result.decreased && std::abs(trial.slope) <= options.curvature * -start.slope) {
      result.exit = WolfeExit::conditions;
      return result;
    }
    if (step == longest && result.decreased && trial.slope <= wanted) {
      result.exit = WolfeExit::longest;
      return result;
    }
    if (result.evaluations == options.max_evaluations) {
      result.exit = WolfeExit::evaluations;
      return result;
    }
    if (interval.bracketed &&
        (high - low <= options.resolution * high || step <= low || step >= high)) {
      result.exit = WolfeExit::bracket;
      return result;
    }
    if (modified && trial.value <= interval.best.value && !result.decreased) {
      const auto lowered = [&](LinePoint point) {
        point.value -= point.step * wanted;
        point.slope -= wanted;
        return point;
      };
      const auto raised = [&](LinePoint point) {
        point.value += point.step * wanted;
        point.slope += wanted;
        return point;
      };
      interval.best = lowered(interval.best);
      interval.other = lowered(interval.other);
      step = interval.update(lowered(trial), low, high);
      interval.best = raised(interval.best);
      interval.other = raised(interval.other);
    } else {
      step = interval.update(trial, low, high);
    }
    if (interval.bracketed) {
      const double now = std::abs(interval.other.step - interval.best.step);
      if (now >= 0.66 * width_before) {
        step = interval.best.step + 0.5 * (interval.other.step - interval.best.step);
      }
      width_before = width;
      width = now;
      low = std::min(interval.best.step, interval.other.step);
      high = std::max(interval.best.step, interval.other.step);
    } else {
      low = step + 1.1 * (step - interval.best.step);
      high = step + 4.0 * (step - interval.best.step);
    }
    step = std::clamp(step, 0.0, longest);
    if (interval.bracketed &&
        (step <= low || step >= high || high - low <= options.resolution * high)) {
      step = interval.best.step;
    }
  }
}

}  // namespace thalweg
