#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "kernels/local_ridge.hpp"

namespace thalweg {

/// By what leave-one-out picks a ridge.
enum class LeaveOneOutCriterion {
  accuracy,       ///< the most right classes; among equals the least squared error
  squared_error,  ///< the least squared error
};

/// A ridge chosen on the training samples alone, and the regression with it.
struct RidgeChoice {
  double relative_ridge = 0.0;  ///< λ over tr(K)/n
  LeaveOneOutScore left_out;
  double lambda_min = 0.0;    ///< least eigenvalue of K over tr(K)/n
  std::vector<double> alpha;  ///< (K + λI)⁻¹ Y, n × classes, column-major

  /// Whether this is the better choice; on a tie it is not, so the first in a list stays.
  [[nodiscard]] bool better_than(const RidgeChoice& other, LeaveOneOutCriterion criterion) const;
};

/// Tries relative ridges λ_rel (λ = λ_rel tr(K)/n) on K (n × n, the triangle of LocalRidge is read)
/// with targets one-hot minus 1/classes, and keeps the best by leave-one-out. Ridges with which K +
/// λI is not positive definite beyond rounding are passed over. Local. Throws Error where that is
/// so of all of them, or K is zero.
RidgeChoice choose_ridge(std::vector<double> gram, std::span<const std::int32_t> labels,
                         std::int64_t classes, std::span<const double> relative_ridges,
                         LeaveOneOutCriterion criterion);

}  // namespace thalweg
