#pragma once

#include <cstdint>
#include <vector>

#include "base/ordered_sum.hpp"
#include "models/batch_layout.hpp"

namespace thalweg {

/// This rank's shards cut into aligned subtrees of at most `shards` leaves (rounded down to a power
/// of two, at least 1), from left to right: pieces of a batch that are computed one after the
/// other where memory does not suffice for all. Each is a subtree of the canonical tree, so that
/// how a batch is cut changes no bit. Local.
inline std::vector<TreeNode> pieces_of(const BatchLayout& layout, std::int64_t shards) {
  int level = 0;
  while ((std::int64_t{2} << level) <= shards) ++level;
  const std::int64_t n = layout.reduction().leaves();
  std::vector<TreeNode> pieces;
  for (const auto& node : layout.reduction().nodes()) {
    if (node.level <= level) {
      pieces.push_back(node);
      continue;
    }
    const auto [begin, end] = leaves_of(node, n);
    for (std::int64_t at = begin; at < end; at += std::int64_t{1} << level) {
      pieces.push_back({level, at >> level});
    }
  }
  return pieces;
}

}  // namespace thalweg
