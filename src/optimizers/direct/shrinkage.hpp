#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "base/aligned.hpp"
#include "models/batch_layout.hpp"
#include "models/gradient_tree.hpp"
#include "models/shard_gemm.hpp"
#include "parallel/vector_space.hpp"

namespace thalweg {

/// D_τ: soft-thresholds the singular values of a matrix with at least as many rows as columns,
/// whose rows are dealt out to a team in shards. With AᵀA = V diag(σ²) Vᵀ it is A V diag(1 − τ/σ)₊
/// Vᵀ. Values far below τ are lost in σ² and do not matter, they become zero. Flops: 2 · rows ·
/// columns² for each of two products, spread over the ranks, and 9 · columns³ for the
/// decomposition, on every rank.
class Shrinkage {
 public:
  /// Local. `layout` deals out the rows and must outlive this.
  Shrinkage(const Communicator& team, const BatchLayout& layout, std::int64_t columns);

  /// Writes D_τ(A), this rank's rows. Collective. Returns the number of values above τ.
  std::int64_t apply(std::span<const double> a, double threshold, std::span<double> out);

 private:
  const Communicator* team_;
  const BatchLayout* layout_;
  std::int64_t columns_;
  VectorSpace space_;
  ShardGemm<double> gemm_;
  GradientTree<double> tree_;
  std::vector<double> gram_;
};

}  // namespace thalweg
