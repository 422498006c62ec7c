#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace thalweg {

/// How the squared loss ½‖f − y‖²/n is descended.
enum class TrainingRule {
  flow,     ///< ḟ = −η Θ (f − y)/n
  descent,  ///< f ← f − η Θ (f − y)/n, whole batches, no momentum
};

/// Training of a model that is linear in its parameters, or a kernel: along the eigenvector v_i of
/// its Gram matrix, eigenvalue λ_i, the gap f − y shrinks by a factor of its own.
struct LinearTraining {
  double learning_rate = 1.0;  ///< η > 0
  std::int64_t samples = 1;    ///< n ≥ 1 of the mean in the loss
  TrainingRule rule = TrainingRule::flow;
  /// Directions with |λ| at or below this (the rounding of the largest eigenvalue, say) count as
  /// λ = 0. At t = ∞ they are left where they were: the pseudoinverse.
  double null_eigenvalue = 0.0;
};

/// What is left of the gap along one eigendirection at time t (flow) or after t steps (descent):
/// e^{−ηλt/n} or (1 − ηλ/n)^t. t ≥ 0, a whole number for descent; t = ∞ is allowed. Local. Throws
/// Error for any other t, and at t = ∞ where descent does not converge (ηλ/n ≥ 2, or λ < 0).
double gap_left(const LinearTraining& training, double eigenvalue, double t);

/// [(1 − gap_left)/λ], the factor of vᵀ(y − f0) in the kernel's coefficients: with V the
/// eigenvectors, f_t(x) = f0(x) + K(x, ·) V diag(gap_filter) Vᵀ (y − f0). Its limit ηt/n at λ = 0
/// is taken without a division (Jacot et al. 2018, Lee et al. 2019). Local.
double gap_filter(const LinearTraining& training, double eigenvalue, double t);

/// diag(gap_filter) applied to `projections` = Vᵀ (y − f0), eigenvalues.size() × outputs,
/// row-major; V times the result are the coefficients α_t of f_t = f0 + K α_t. Local; 2 n outputs
/// flops and n exponentials.
std::vector<double> filtered(const LinearTraining& training, std::span<const double> eigenvalues,
                             std::span<const double> projections, std::int64_t outputs, double t);

/// The largest rate at which descent does not diverge: 2 (1 + momentum) n/λ_max, heavy-ball
/// momentum in [0, 1). Infinite where λ_max ≤ 0. Local.
double largest_stable_rate(double largest_eigenvalue, std::int64_t samples, double momentum = 0.0);

}  // namespace thalweg
