#pragma once

#include <cstdint>
#include <functional>

namespace thalweg {

/// A function of one variable: value and slope at a step.
struct LinePoint {
  double step = 0.0;
  double value = 0.0;
  double slope = 0.0;
};

struct WolfeOptions {
  double decrease = 1e-3;   ///< f(t) ≤ f(0) + decrease · t f'(0)
  double curvature = 0.9;   ///< |f'(t)| ≤ curvature · |f'(0)|
  double resolution = 0.1;  ///< ends where the bracket is this small, relative to its larger end
  std::int64_t max_evaluations = 20;
};

enum class WolfeExit {
  conditions,  ///< both conditions hold
  longest,     ///< still falling at the longest step allowed
  bracket,     ///< the bracket is smaller than the resolution
  evaluations  ///< the most evaluations were made
};

struct WolfeResult {
  LinePoint best;  ///< the point that was taken
  WolfeExit exit = WolfeExit::evaluations;
  bool decreased = false;  ///< does `best` satisfy the decrease condition?
  std::int64_t evaluations = 0;
};

/// The line search of Moré & Thuente (1994), with the constants of L-BFGS-B: brackets and
/// interpolates by cubics and secants while there is a bracket, extrapolates up to fourfold while
/// the function keeps falling, so that a function that bends down is followed to `longest`.
/// `start` is the point at step 0, its slope negative; the first trial is at `first`. A trial whose
/// value is not finite counts as an infinitely high one. Same decisions for the same bits; local
/// unless `function` communicates.
WolfeResult wolfe_search(const std::function<LinePoint(double step)>& function,
                         const LinePoint& start, double first, double longest,
                         const WolfeOptions& options);

}  // namespace thalweg
