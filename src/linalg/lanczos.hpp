#pragma once

#include <cmath>
#include <cstdint>
#include <span>
#include <vector>

#include "linalg/symmetric_operator.hpp"
#include "parallel/vector_space.hpp"

namespace thalweg {

/// Eigenvalues (ascending) and eigenvectors (row i belongs to value i) of a symmetric tridiagonal
/// matrix. Local. Throws Error if LAPACK does not converge.
struct TridiagonalEigen {
  std::vector<double> values;
  std::vector<double> vectors;
};
TridiagonalEigen tridiagonal_eigen(std::vector<double> diagonal, std::vector<double> off_diagonal);

/// A vector of independent N(0, 1) elements, this rank's slice: element i from its block's own
/// stream (seed, lanczos_start), of the draw-th vector. Local.
std::vector<double> normal_slice(const VectorSpace& space, std::uint64_t seed,
                                 std::int64_t draw = 0);

/// The Lanczos recurrence with full reorthogonalisation (twice) from a given start: an orthonormal
/// basis of the Krylov space, in which the operator is tridiagonal. The basis is spread over the
/// ranks: steps · n / P numbers a rank.
///
/// With `locked` vectors, orthonormal slices that must outlive the process, it is the recurrence of
/// the deflated operator P A P, P the projection on what is orthogonal to them all.
class LanczosProcess {
 public:
  /// The start need not be of unit length, but must not lie in the span of the locked vectors.
  /// Collective.
  LanczosProcess(const VectorSpace& space, const SymmetricOperator& apply,
                 std::vector<double> start_slice, std::span<const std::vector<double>> locked = {});

  /// One product more: one row more of the tridiagonal matrix. Collective.
  void advance();
  [[nodiscard]] std::int64_t steps() const { return static_cast<std::int64_t>(diagonal_.size()); }
  /// Length of what the last product has outside of the basis.
  [[nodiscard]] double remainder() const { return remainder_; }
  /// Of the tridiagonal matrix: the Ritz values; a vector's first element is its overlap with the
  /// start. Local.
  [[nodiscard]] TridiagonalEigen eigen() const { return tridiagonal_eigen(diagonal_, off_); }
  /// Is the Krylov space invariant to the rounding of the products? `magnitude`: of the largest
  /// Ritz value.
  [[nodiscard]] bool is_exhausted(double magnitude) const;
  /// Are all products numbers?
  [[nodiscard]] bool is_finite() const { return std::isfinite(remainder_); }
  /// Bound of what rounding in the products makes of a Ritz value: twice the norm of the part of
  /// BᵀAB above the tridiagonal one (B the basis), which is zero but for errors of the products,
  /// and not below 64 unit roundoffs of `magnitude` times √steps. Local.
  [[nodiscard]] double rounding(double magnitude) const;
  [[nodiscard]] const std::vector<std::vector<double>>& basis() const { return basis_; }

 private:
  void remove_locked(std::vector<double>& v) const;

  const VectorSpace* space_;
  const SymmetricOperator* apply_;
  std::span<const std::vector<double>> locked_;
  std::vector<std::vector<double>> basis_;
  std::vector<double> next_;
  std::vector<double> whole_;
  std::vector<double> diagonal_;
  std::vector<double> off_;
  double remainder_ = 0.0;
  double asymmetry_ = 0.0;  // squared
};

struct LanczosOptions {
  std::int64_t max_iterations = 100;
  /// Stop when the error bounds β_k |s_k| of all wanted pairs are below tolerance · max|θ|.
  double tolerance = 1e-4;
  std::int64_t largest = 1;   ///< wanted pairs from the top
  std::int64_t smallest = 1;  ///< and from the bottom
  std::uint64_t seed = 0;
};

/// An eigenpair with its check: ‖Hv − λv‖ from one more product, ‖v‖ = 1.
struct Eigenpair {
  double value = 0.0;
  double residual = 0.0;
  std::vector<double> vector_slice;
};

/// The Ritz pair of one row of `eigen`, the process's own; one product. Collective.
Eigenpair ritz_pair(const VectorSpace& space, const SymmetricOperator& apply,
                    const LanczosProcess& process, const TridiagonalEigen& eigen, std::size_t row);

struct LanczosResult {
  std::vector<Eigenpair> largest;   ///< descending
  std::vector<Eigenpair> smallest;  ///< ascending
  std::vector<double> ritz_values;  ///< ascending
  /// What rounding in the products may make of a Ritz value (LanczosProcess::rounding).
  double rounding = 0.0;
  std::int64_t iterations = 0;
  std::int64_t products = 0;
  bool converged = false;
};

/// The outermost eigenvalues by Lanczos from one random start. An invariant subspace found early
/// ends the iteration, with fewer pairs than wanted where it has fewer dimensions: of a multiple
/// eigenvalue one vector alone shows. That is right for the outermost eigenvalue of either end;
/// several of an end are the work of outer_eigenpairs. Collective over the space's team.
LanczosResult lanczos_extremes(const VectorSpace& space, const SymmetricOperator& apply,
                               const LanczosOptions& options);

}  // namespace thalweg
