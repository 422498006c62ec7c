#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "optimizers/box/lbfgsb.hpp"

namespace thalweg {

struct BoxAscentOptions {
  std::int64_t max_iterations = 50;
  std::int64_t max_trials = 16;  ///< points tried along one arc
  /// Ends where the linear model promises at most this share of what was gained over `base`.
  double tolerance = 1e-2;
  double base = 0.0;  ///< the value that gains are counted from
};

struct BoxAscentResult {
  std::vector<double> x;
  double value = 0.0;
  double start_value = 0.0;
  /// max over the box of g·(z − x), ≥ 0, g the gradient at x: zero exactly at first-order maxima
  /// (the Frank–Wolfe gap; for a concave function a bound of what is still to be gained).
  double gap = 0.0;
  std::int64_t iterations = 0;
  std::int64_t evaluations = 0;
  std::string exit;  ///< "stationary" | "iterations" | "no rise" | "not finite"
};

/// Maximises over a box, lower ≤ x ≤ upper, along projected gradient arcs measured in half widths
/// w of the box, P(x + t w² g / max|w g|): t = ∞ is the vertex that maximises the linear model (a
/// sign step, which never lowers a convex function and is how one climbs it), small t is projected
/// ascent, for functions that bend down. A step must rise by 1e-4 of the linear model's promise.
/// Points where the function is not finite count as no rise. Runs the same on every rank of a team
/// when `function` gives every rank the same bits (then collective like `function`).
BoxAscentResult maximise_in_box(const BoxFunction& function, std::span<const double> start,
                                std::span<const double> lower, std::span<const double> upper,
                                const BoxAscentOptions& options);

}  // namespace thalweg
