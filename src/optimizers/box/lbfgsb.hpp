#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <vector>

namespace thalweg {

/// Value at x, gradient written to g.
using BoxFunction = std::function<double(std::span<const double> x, std::span<double> g)>;

struct LbfgsbOptions {
  std::int64_t max_iterations = 10;
  std::int64_t history = 10;
  std::int64_t max_line_search = 20;  ///< evaluations of one
  /// Stop when max_i |P(x − g) − x|_i is at most this.
  double gradient_tolerance = 1e-10;
};

struct LbfgsbResult {
  std::vector<double> x;
  double value = 0.0;
  double projected_gradient = 0.0;  ///< max-norm of P(x − g) − x at the end
  std::int64_t iterations = 0;
  std::int64_t evaluations = 0;
  std::string exit;  ///< "projected gradient" | "iterations" | "line search" | "not finite"
};

/// Minimises over a box, lower ≤ x ≤ upper, by L-BFGS-B (Byrd, Lu, Nocedal & Zhu 1995): generalised
/// Cauchy point on the compact quasi-Newton model, direct primal subspace step, line search by
/// `wolfe_search`: the first step up to the subspace minimiser, later ones up to the box. Made for
/// functions that bend up: where one bends down, pairs are skipped and an iteration follows one
/// projected gradient (`maximise_in_box` is for those). The start is moved into the box. Keeps
/// 2·history·n numbers.
/// Runs the same on every rank of a team when `function` gives every rank the same bits (then
/// collective like `function`).
LbfgsbResult minimise_in_box(const BoxFunction& function, std::span<const double> start,
                             std::span<const double> lower, std::span<const double> upper,
                             const LbfgsbOptions& options);

}  // namespace thalweg
