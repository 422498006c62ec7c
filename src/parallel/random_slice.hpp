#pragma once

#include <algorithm>
#include <cstdint>
#include <vector>

#include "base/ordered_sum.hpp"
#include "base/philox.hpp"
#include "parallel/vector_space.hpp"

namespace thalweg {

/// This rank's slice of the index-th random vector of a purpose: each block of kVectorBlock
/// elements has its own stream, so that a slice needs no other rank. `draw(stream)` gives an
/// element. Local.
template <class Draw>
[[nodiscard]] std::vector<double> random_slice(const VectorSpace& space, std::uint64_t seed,
                                               Purpose purpose, std::int64_t index,
                                               const Draw& draw) {
  const std::int64_t blocks = (space.dimension() + kVectorBlock - 1) / kVectorBlock;
  std::vector<double> slice(static_cast<std::size_t>(space.slice().size()));
  for (std::int64_t at = 0; at < space.slice().size(); at += kVectorBlock) {
    const std::int64_t block = index * blocks + (space.slice().begin + at) / kVectorBlock;
    Stream stream(seed, purpose, static_cast<std::uint64_t>(block));
    const std::int64_t end = std::min(at + kVectorBlock, space.slice().size());
    for (std::int64_t i = at; i < end; ++i) slice[static_cast<std::size_t>(i)] = draw(stream);
  }
  return slice;
}

}  // namespace thalweg
