#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "kernels/gradient_flow_prediction.hpp"
#include "linalg/dense_symmetric.hpp"

namespace thalweg {

/// The whole training of a model that is linear in its parameters, from one eigendecomposition of
/// its Gram matrix Θ: either a kernel (n samples; every output for itself) or a network linearised
/// at w0, f_lin(w) = f(w0) + J(w0)(w − w0), whose Gram is J Jᵀ over all n · O pairs of sample and
/// output, seen as one output of n · O samples. On one rank; n up to some thousands.
class LinearPrediction {
 public:
  /// `gram` n × n row-major, symmetric; `gap` = y − f0, n × outputs. Local; 9 n³ + 2 n² outputs
  /// flops.
  LinearPrediction(std::vector<double> gram, std::span<const double> gap, std::int64_t outputs);

  [[nodiscard]] std::span<const double> eigenvalues() const { return eigen_.values; }
  [[nodiscard]] double largest_eigenvalue() const { return eigen_.values.back(); }
  /// What counts as zero: n · the rounding of the largest eigenvalue.
  [[nodiscard]] double null_eigenvalue() const;

  /// y − f_t on the training samples at time (or step) t: V diag(gap_left) Vᵀ (y − f0), n ×
  /// outputs. Local.
  [[nodiscard]] std::vector<double> gap_at(const LinearTraining& training, double t) const;
  /// f_t − f0 at other points: `cross` (Θ between these and the training samples, m × n row-major)
  /// times V diag(gap_filter) Vᵀ (y − f0); m × outputs. Local.
  [[nodiscard]] std::vector<double> change_at(const LinearTraining& training,
                                              std::span<const double> cross, double t) const;

 private:
  /// V times `scaled` (n × outputs).
  [[nodiscard]] std::vector<double> back(std::span<const double> scaled) const;
  std::int64_t n_;
  std::int64_t outputs_;
  DenseEigen eigen_;
  std::vector<double> projections_;  // Vᵀ (y − f0)
};

}  // namespace thalweg
