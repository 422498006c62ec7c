#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "models/layer.hpp"
#include "parallel/vector_space.hpp"

namespace thalweg {

/// Euclidean norms of every parameter block of vectors that are spread over a team. Blocks are cut
/// where the vector blocks of VectorSpace are, which no slice divides: each piece is summed by the
/// rank that owns it, and a block's pieces along the canonical tree. The same bits on any number of
/// ranks.
class BlockNorms {
 public:
  /// Local. `space` must outlive this; `blocks` are complete.
  BlockNorms(const VectorSpace& space, const std::vector<ParameterBlock>& blocks);

  /// Collective. The norms of each block of a and of b, one after the other: 2 · blocks numbers.
  template <class Real>
  [[nodiscard]] std::vector<double> norms(std::span<const Real> a_slice,
                                          std::span<const Real> b_slice) const;

 private:
  const VectorSpace* space_;
  std::vector<Range> pieces_;         ///< of the whole vector, in order
  std::vector<std::size_t> first_;    ///< piece of each block, and one past the last
  std::vector<std::int64_t> counts_;  ///< numbers that each rank sends
  Range mine_;                        ///< pieces of this rank
};

}  // namespace thalweg
