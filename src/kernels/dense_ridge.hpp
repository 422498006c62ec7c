#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace thalweg {

/// By what leave-one-out picks a ridge.
enum class LeaveOneOutCriterion {
  accuracy,       ///< the most right classes; among equals the least squared error
  squared_error,  ///< the least squared error
};

/// Kernel ridge regression of a matrix that one rank holds, its ridge chosen on the training
/// samples alone.
struct DenseRidge {
  double ridge = 0.0;           ///< λ as added to the diagonal
  double relative_ridge = 0.0;  ///< λ over tr(K)/n
  double loo_accuracy = 0.0;    ///< fraction of training samples classified right when left out
  double loo_error = 0.0;       ///< mean over samples of ‖y − f‖² when left out
  double lambda_min = 0.0;      ///< least eigenvalue of K over tr(K)/n
  std::vector<double> alpha;    ///< (K + λI)⁻¹ Y, samples × classes, row-major

  /// Whether this is the better choice; on a tie it is not, so the first in a list stays.
  [[nodiscard]] bool better_than(const DenseRidge& other, LeaveOneOutCriterion criterion) const;
};

/// Tries relative ridges λ_rel (λ = λ_rel tr(K)/n) on K (n × n, row-major, its lower half is read)
/// with targets one-hot minus 1/classes, and keeps the best by leave-one-out in closed form, e_i =
/// α_i / [(K + λI)⁻¹]_ii. One eigendecomposition (9 n³ flops) serves all ridges, each of which
/// takes 2 n² (classes + 1) flops more. Local. Throws Error where K + λI is not positive definite
/// for any of them, naming λ_min.
DenseRidge choose_ridge(std::vector<double> gram, std::span<const std::int32_t> labels,
                        std::int64_t classes, std::span<const double> relative_ridges,
                        LeaveOneOutCriterion criterion);

/// The first class of the largest of each row of `outputs` (samples × classes). Local.
std::vector<std::int32_t> predicted_classes(std::span<const double> outputs, std::int64_t classes);

}  // namespace thalweg
