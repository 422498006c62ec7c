#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <vector>

#include "parallel/vector_space.hpp"

namespace thalweg {

/// A symmetric operator on R^n: takes a whole vector, writes this rank's slice of the product.
/// Collective.
using SymmetricOperator =
    std::function<void(std::span<const double> v, std::span<double> product_slice)>;

struct LanczosOptions {
  std::int64_t max_iterations = 100;
  /// Stop when both extremes' error bounds β_k |s_k| are below tolerance · max|θ|.
  double tolerance = 1e-4;
  /// false: the largest alone decides when to stop, and `smallest` is not computed.
  bool wants_smallest = true;
  std::uint64_t seed = 0;
};

/// An eigenpair with its check: ‖Hv − λv‖ from one more product, ‖v‖ = 1.
struct Eigenpair {
  double value = 0.0;
  double residual = 0.0;
  std::vector<double> vector_slice;
};

struct LanczosResult {
  Eigenpair largest;
  Eigenpair smallest;
  std::vector<double> ritz_values;  ///< ascending
  std::int64_t iterations = 0;
  std::int64_t products = 0;
  bool converged = false;
};

/// The extreme eigenvalues by Lanczos with full reorthogonalisation (twice), from a random start
/// drawn from (seed, lanczos_start). The basis is spread over the ranks: iterations · n / P numbers
/// a rank. An invariant subspace found early ends the iteration. Collective over the space's team.
LanczosResult lanczos_extremes(const VectorSpace& space, const SymmetricOperator& apply,
                               const LanczosOptions& options);

/// Eigenvalues (ascending) and eigenvectors (row i belongs to value i) of a symmetric tridiagonal
/// matrix. Local. Throws Error if LAPACK does not converge.
struct TridiagonalEigen {
  std::vector<double> values;
  std::vector<double> vectors;
};
TridiagonalEigen tridiagonal_eigen(std::vector<double> diagonal, std::vector<double> off_diagonal);

}  // namespace thalweg
