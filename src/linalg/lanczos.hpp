#pragma once

#include <cstdint>
#include <functional>
#include <limits>
#include <span>
#include <vector>

#include "parallel/vector_space.hpp"

namespace thalweg {

/// A symmetric operator on R^n: takes a whole vector, writes this rank's slice of the product.
/// Collective.
using SymmetricOperator =
    std::function<void(std::span<const double> v, std::span<double> product_slice)>;

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
class LanczosProcess {
 public:
  /// The start need not be of unit length. Collective.
  LanczosProcess(const VectorSpace& space, const SymmetricOperator& apply,
                 std::vector<double> start_slice);

  /// One product more: one row more of the tridiagonal matrix. Collective.
  void advance();
  [[nodiscard]] std::int64_t steps() const { return static_cast<std::int64_t>(diagonal_.size()); }
  /// Length of what the last product has outside of the basis.
  [[nodiscard]] double remainder() const { return remainder_; }
  /// Of the tridiagonal matrix: the Ritz values; a vector's first element is its overlap with the
  /// start. Local.
  [[nodiscard]] TridiagonalEigen eigen() const { return tridiagonal_eigen(diagonal_, off_); }
  /// Is the Krylov space invariant, or a product not finite? `magnitude`: of the largest Ritz
  /// value.
  [[nodiscard]] bool is_exhausted(double magnitude) const {
    return remainder_ <= 1e-14 * magnitude ||
           !(remainder_ < std::numeric_limits<double>::infinity());
  }
  [[nodiscard]] const std::vector<std::vector<double>>& basis() const { return basis_; }

 private:
  const VectorSpace* space_;
  const SymmetricOperator* apply_;
  std::vector<std::vector<double>> basis_;
  std::vector<double> next_;
  std::vector<double> whole_;
  std::vector<double> diagonal_;
  std::vector<double> off_;
  double remainder_ = 0.0;
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

struct LanczosResult {
  std::vector<Eigenpair> largest;   ///< descending
  std::vector<Eigenpair> smallest;  ///< ascending
  std::vector<double> ritz_values;  ///< ascending
  std::int64_t iterations = 0;
  std::int64_t products = 0;
  bool converged = false;
};

/// The outermost eigenvalues by Lanczos from a random start. An invariant subspace found early ends
/// the iteration, with fewer pairs than wanted where it has fewer dimensions: of a multiple
/// eigenvalue one vector alone shows. Collective over the space's team.
LanczosResult lanczos_extremes(const VectorSpace& space, const SymmetricOperator& apply,
                               const LanczosOptions& options);

}  // namespace thalweg
