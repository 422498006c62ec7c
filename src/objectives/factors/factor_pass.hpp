#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "base/aligned.hpp"
#include "models/batch_layout.hpp"
#include "models/gradient_tree.hpp"
#include "models/shard_gemm.hpp"
#include "objectives/factors/factor_chain.hpp"

namespace thalweg {

/// The factors of a chain but the last, over this rank's rows of the matrix: H_j = W_1 ⋯ W_j, what
/// a change of the factors does to them, and derivatives back to the factors. Of a chain of one
/// factor there is nothing to do: the matrix is the parameters. Buffers are kept between calls.
template <class Real>
class FactorPass {
 public:
  /// Local. What is referred to must outlive this.
  FactorPass(const FactorChain& chain, const BatchLayout& layout, ShardGemm<Real>& gemm);

  /// H_{N−1} at x, this rank's rows; valid until the next call. Depth at least 2. Local.
  const Real* forward(std::span<const Real> x);
  /// The derivative of H_{N−1} along v, after forward(x). Local.
  const Real* tangent(std::span<const Real> x, std::span<const Real> v);
  /// Fills the gradient of the factors 1 to N − 1 from E = ∂L/∂H_{N−1} (of the whole matrix in a
  /// chain of one factor), after forward(x); E is used up. Local.
  void backward(std::span<const Real> x, AlignedVector<Real>& e, GradientTree<Real>& gradient);
  /// Fills the derivative of that gradient along v from E and its own derivative, after
  /// tangent(x, v); both are used up. Local.
  void backward_tangent(std::span<const Real> x, std::span<const Real> v, AlignedVector<Real>& e,
                        AlignedVector<Real>& d_e, GradientTree<Real>& product);
  /// Fills m × n parameters from `offset` on with a₁ᵀ · b₁ + a₂ᵀ · b₂, summed over the rows of
  /// every shard; a's rows are of m numbers, b's of n. Local.
  void outer_pair(std::int64_t offset, std::int64_t m, std::int64_t n, const Real* a1,
                  const Real* b1, const Real* a2, const Real* b2, GradientTree<Real>& product);

 private:
  const Real* hidden(std::span<const Real> x, int j) const;
  void place_rows(const AlignedVector<Real>& e, GradientTree<Real>& gradient) const;
  void outer(int j, const Real* left, const Real* right, GradientTree<Real>& gradient);
  [[nodiscard]] std::size_t numbers(int j) const {
    return static_cast<std::size_t>(layout_->rows().size() * chain_->size(j));
  }

  const FactorChain* chain_;
  const BatchLayout* layout_;
  ShardGemm<Real>* gemm_;
  std::vector<AlignedVector<Real>> hidden_;   // of H_2 to H_{N−1}
  std::vector<AlignedVector<Real>> tangent_;  // of H_2 to H_{N−1}
  AlignedVector<Real> next_;
  AlignedVector<Real> pair_;
};

}  // namespace thalweg
