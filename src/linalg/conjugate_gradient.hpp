#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <vector>

#include "base/log.hpp"

namespace thalweg {

/// A symmetric positive-definite operator on m columns at once: `out` ← A · `in`, both n × m,
/// column-major, the same on every rank. Collective where its maker says so.
using ColumnOperator = std::function<void(std::span<const double> in, std::span<double> out)>;

struct ConjugateGradientOptions {
  double tolerance = 1e-10;  ///< of ‖A x − b‖/‖b‖, each column
  std::int64_t max_iterations = 1000;
};

struct ConjugateGradientResult {
  std::vector<double> solution;  ///< n × m, column-major
  /// Largest relative residual of a column before the first and after each iteration, by the
  /// recursion; after a restart the true one takes the place of the last.
  std::vector<double> history;
  double residual = 1.0;  ///< ‖A X − B‖_F/‖B‖_F, from a product of its own
  double worst_column = 1.0;
  std::int64_t iterations = 0;
  std::int64_t products = 0;
  bool converged = false;
  /// The iteration ended because A is not positive definite to rounding: a direction without
  /// curvature, or a residual that grew.
  bool singular = false;
};

/// Preconditioned conjugate gradient on n × m right-hand sides: each column has scalars of its own
/// (Hestenes and Stiefel 1952), the products are shared. When the recursion has converged, the true
/// residual is computed and the iteration starts anew from the solution while that helps, so that
/// the tolerance is of the true residual. A column of zeros has the solution 0. All vectors are on
/// every rank and every sum is done by every rank, so that the bits are the operator's. Collective
/// as the operators are. `preconditioner` may be empty. Not converging is told by `converged`; the
/// solution is then the best iterate of each column. Of a positive definite A of condition κ no
/// residual is more than √κ times an earlier one, as the error falls in A's norm: growth by more
/// than ε^(−½) means that A is singular to rounding, and ends the iteration.
ConjugateGradientResult conjugate_gradient(const ColumnOperator& apply,
                                           const ColumnOperator& preconditioner,
                                           std::span<const double> right_hand_sides,
                                           std::int64_t columns,
                                           const ConjugateGradientOptions& options, const Log& log);

}  // namespace thalweg
