#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "linalg/dense_symmetric.hpp"

namespace thalweg {

/// What leaving each sample out in turn gives.
struct LeaveOneOutScore {
  double error = 0.0;     ///< mean of ½‖f₋ᵢ(xᵢ) − yᵢ‖²
  double accuracy = 0.0;  ///< fraction whose largest output is that of its target
};

/// Kernel ridge regression of so few samples that one rank solves it: one eigendecomposition K =
/// V Λ Vᵀ (9 n³ flops) serves every ridge λ. Local.
class LocalRidge {
 public:
  /// `gram` n × n, column-major, the triangle at and below the diagonal counts; `targets` n ×
  /// outputs, column-major. Throws Error where sizes do not fit.
  LocalRidge(std::vector<double> gram, std::vector<double> targets, std::int64_t outputs);

  [[nodiscard]] std::int64_t samples() const { return n_; }
  [[nodiscard]] std::int64_t outputs() const { return outputs_; }
  /// Ascending.
  [[nodiscard]] const std::vector<double>& eigenvalues() const { return eigen_.values; }
  [[nodiscard]] double trace() const;
  /// Is K + λI positive definite beyond rounding, λ_min + λ > n ε λ_max? Where it is not, there is
  /// no solution to speak of.
  [[nodiscard]] bool is_positive(double lambda) const;
  /// α = (K + λI)⁻¹ Y, n × outputs, column-major. Throws Error unless is_positive(λ).
  [[nodiscard]] std::vector<double> solution(double lambda) const;
  /// In closed form: y_i − f₋ᵢ(x_i) = α_i / [(K + λI)⁻¹]_ii. Throws Error unless is_positive(λ).
  [[nodiscard]] LeaveOneOutScore leave_one_out(double lambda) const;

 private:
  void require_positive(double lambda) const;
  std::int64_t n_;
  std::int64_t outputs_;
  std::vector<double> targets_;
  DenseEigen eigen_;
  std::vector<double> projected_;  ///< Vᵀ Y
};

/// Local. One-hot minus 1/classes, n × classes, column-major (.9 and −.1 for ten classes).
std::vector<double> centred_one_hot(std::span<const std::int32_t> labels, std::int64_t classes);

/// Local. Which of `outputs` numbers at `first`, `stride` apart, is the largest; of equal ones the
/// first.
std::int64_t largest_output(const double* first, std::int64_t outputs, std::int64_t stride);

}  // namespace thalweg
