#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "base/aligned.hpp"
#include "parallel/ordered_reduction.hpp"
#include "parallel/vector_space.hpp"

namespace thalweg {

/// Of the n × p matrix whose range a subspace is.
enum class SubspaceColumns {
  orthonormal,  ///< steps in the subspace are as long as their coordinates
  gaussian      ///< independent N(0, 1) entries: a step is about √n times as long
};

/// The range of an n × p matrix A of Gaussian entries, as drawn or with columns made orthonormal.
/// Kept as Q R with orthonormal Q (Cholesky QR). Rows are spread over the ranks: n·p/P float64 a
/// rank.
class RandomSubspace {
 public:
  /// Entries of rows [1024 b, 1024 (b+1)) come from the stream (seed, sharpness_subspace, b).
  /// Collective. Throws Error if p is not below n.
  RandomSubspace(const VectorSpace& space, std::int64_t p, std::uint64_t seed,
                 SubspaceColumns columns = SubspaceColumns::orthonormal);

  [[nodiscard]] std::int64_t dimension() const { return p_; }
  /// Aᵀ x. Collective.
  [[nodiscard]] std::vector<double> transposed(std::span<const double> x_slice) const;
  /// A⁺ x. Collective.
  [[nodiscard]] std::vector<double> pseudo_inverse(std::span<const double> x_slice) const;
  /// This rank's slice of A z. Local.
  void lift(std::span<const double> z, std::span<double> slice) const;

 private:
  [[nodiscard]] Range rows_of_block(std::int64_t block) const;  // within the slice
  /// Qᵀ x. Collective.
  [[nodiscard]] std::vector<double> coordinates(std::span<const double> x_slice) const;
  const VectorSpace* space_;
  std::int64_t p_;
  OrderedReduction blocks_;
  AlignedVector<double> q_;  // slice rows × p
  std::vector<double> r_;    // p × p, upper triangular; empty: the identity
};

}  // namespace thalweg
