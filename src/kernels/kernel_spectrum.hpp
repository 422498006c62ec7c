#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "kernels/definiteness.hpp"
#include "linalg/distributed_matrix.hpp"

namespace thalweg {

/// K = V Λ Vᵀ of a Gram matrix, V spread over the ranks. Arrays of n × m are column-major, in
/// float64, and the same on every rank; for a given grid always the same bits.
template <class Real>
class KernelSpectrum {
 public:
  /// Collective over the grid. Destroys the upper triangle of `gram`. About 9 n³ flops, four times
  /// the memory of the matrix. The grid must outlive it.
  /// `element_error`: see KernelTiles.
  explicit KernelSpectrum(DistributedMatrix<Real>& gram, double element_error = 0.0);

  /// Ascending.
  [[nodiscard]] const std::vector<double>& values() const { return values_; }
  [[nodiscard]] const DistributedMatrix<Real>& vectors() const { return vectors_; }
  [[nodiscard]] std::int64_t size() const { return vectors_.rows(); }
  /// What rounding leaves of a zero eigenvalue, see GramRounding. Local.
  [[nodiscard]] double rounding() const;
  /// How many eigenvalues are zero to rounding, or below. Local.
  [[nodiscard]] std::int64_t null_count() const;

  /// Collective. Vᵀ columns.
  [[nodiscard]] std::vector<double> project(std::span<const double> columns) const;
  /// Collective. V coefficients.
  [[nodiscard]] std::vector<double> combine(std::span<const double> coefficients) const;
  /// Collective. (V ∘ V) coefficients: with 1/(λ + ridge) the diagonal of (K + ridge I)⁻¹.
  [[nodiscard]] std::vector<double> combine_squares(std::span<const double> coefficients) const;

 private:
  [[nodiscard]] std::vector<double> multiply(bool transposed, bool squared,
                                             std::span<const double> columns) const;
  DistributedMatrix<Real> vectors_;
  GramRounding rounding_;
  std::vector<double> values_;
};

/// Σ λ/(λ + ridge) over the positive eigenvalues: how many directions a ridge leaves free. Local.
[[nodiscard]] double effective_dimension(std::span<const double> eigenvalues, double ridge);

}  // namespace thalweg
