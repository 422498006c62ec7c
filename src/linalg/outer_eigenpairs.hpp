#pragma once

#include <cstdint>
#include <limits>
#include <vector>

#include "linalg/lanczos.hpp"

namespace thalweg {

/// What is left of one end of a spectrum once its wanted pairs are taken out, seen from a fresh
/// random start. NaN where nothing is left, or no such start was made.
struct BeyondPairs {
  /// The outermost Ritz value: there is an eigenvalue at least as far out.
  double value = std::numeric_limits<double>::quiet_NaN();
  /// Of that Ritz pair: an eigenvalue lies so near.
  double residual = std::numeric_limits<double>::quiet_NaN();
  /// No eigenvalue left lies further out than this, but for a start that is one of the 1e-6 of all
  /// that happen to be so nearly orthogonal to its vector; at least `value`, and equal where the
  /// Krylov space was exhausted.
  double bound = std::numeric_limits<double>::quiet_NaN();
};

struct OuterEigenpairs {
  std::vector<Eigenpair> largest;   ///< descending, multiple ones as often as they are
  std::vector<Eigenpair> smallest;  ///< ascending
  BeyondPairs beyond_largest;
  BeyondPairs beyond_smallest;
  double rounding = 0.0;        ///< what rounding in the products may make of a value
  std::int64_t iterations = 0;  ///< Lanczos steps of all starts
  std::int64_t products = 0;
  bool converged = false;  ///< all pairs came to their tolerance
  bool complete = false;   ///< and so did a last start, which found no pair that was missed
};

/// The outermost eigenpairs with their multiplicities. A Krylov space of one start holds one vector
/// of every eigenspace; so the pairs found are locked and a fresh random start orthogonal to them
/// all is made, on the operator deflated by them, until a start finds no value further out than the
/// pairs wanted: that one is the certificate. It ends when the Krylov space is exhausted, or when
/// its outermost Ritz values have converged and the probabilistic bound of what it may have missed
/// is as narrow as a quarter of the deflated operator's range, or within the pairs wanted.
///
/// `options.max_iterations` counts for each start; their number is the largest multiplicity among
/// the pairs wanted, plus one. Ends early, and says so, where a start does not converge.
/// `options.largest + options.smallest` is at most the dimension. Collective over the space's team.
OuterEigenpairs outer_eigenpairs(const VectorSpace& space, const SymmetricOperator& apply,
                                 const LanczosOptions& options);

/// How far beyond the outermost of its Ritz values, in units of the distance between the outermost
/// two, a symmetric operator's spectrum may reach after so many Lanczos steps from a start uniform
/// on the sphere of that dimension, but for a share of `risk` of all starts. One event, a start too
/// nearly orthogonal to the outermost eigenvector, covers all numbers of steps.
///
/// With τ = c₁/√(1 − c₁²), c₁ the start's overlap with that eigenvector, Chebyshev polynomials of
/// the fourth kind in the minimax of the Ritz value show that λ₁ − θ ≤ sinh²(ψ/2) (θ − λ_n) with
/// sinh((2 steps − 1) ψ/2) = 1/τ: the bound of Kuczyński and Woźniakowski (1992, theorem 3.2) for a
/// given start; and P(|τ| < t) ≤ √(2(n − 1)/π) t. Local.
[[nodiscard]] double unseen_share(std::int64_t steps, std::int64_t dimension, double risk);

}  // namespace thalweg
