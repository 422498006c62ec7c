#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "base/aligned.hpp"
#include "parallel/ordered_reduction.hpp"
#include "parallel/vector_space.hpp"

namespace thalweg {

/// The range of an n × p matrix A of Gaussian entries whose columns are then made orthonormal
/// (Cholesky QR), so that its pseudoinverse is Aᵀ. Rows are spread over the ranks: n·p/P float64 a
/// rank.
class RandomSubspace {
 public:
  /// Entries of rows [1024 b, 1024 (b+1)) come from the stream (seed, sharpness_subspace, b).
  /// Collective. Throws Error if p is not below n.
  RandomSubspace(const VectorSpace& space, std::int64_t p, std::uint64_t seed);

  [[nodiscard]] std::int64_t dimension() const { return p_; }
  /// Aᵀ x. Collective.
  [[nodiscard]] std::vector<double> project(std::span<const double> x_slice) const;
  /// This rank's slice of A z. Local.
  void lift(std::span<const double> z, std::span<double> slice) const;

 private:
  [[nodiscard]] Range rows_of_block(std::int64_t block) const;  // within the slice
  const VectorSpace* space_;
  std::int64_t p_;
  OrderedReduction blocks_;
  AlignedVector<double> a_;  // slice rows × p
};

}  // namespace thalweg
