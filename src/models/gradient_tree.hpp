#pragma once

#include <algorithm>
#include <cstdint>
#include <span>
#include <utility>
#include <vector>

#include "base/aligned.hpp"
#include "models/batch_layout.hpp"

namespace thalweg {

/// The gradient of a batch as sums over this rank's maximal subtrees of shards, one vector a
/// subtree, filled layer by layer. A shard that is a right leaf is added where its left sibling
/// already stands; higher nodes need one spare buffer a level.
template <class Real>
class GradientTree {
 public:
  /// Local. Buffers are kept between batches.
  void reset(const BatchLayout& layout, std::int64_t dimension) {
    layout_ = &layout;
    sums_.resize(layout.reduction().nodes().size());
    targets_.clear();
    for (auto& sum : sums_) {
      sum.resize(static_cast<std::size_t>(dimension));
      targets_.push_back(sum.data());
    }
  }
  /// Local. The sum of a batch that is one subtree, of this rank alone, goes to `root`.
  void reset_root(const BatchLayout& layout, std::span<Real> root) {
    layout_ = &layout;
    sums_.clear();
    targets_.assign(1, root.data());
  }

  /// Fills parameters [offset, offset + count) of every subtree. `leaf(shard, target, add)` writes
  /// shard's contribution to target[0 .. count), or adds it with the bits of a separate addition.
  template <class Leaf>
  void accumulate(std::int64_t offset, std::int64_t count, Leaf&& leaf) {
    const auto& nodes = layout_->reduction().nodes();
    for (std::size_t k = 0; k < nodes.size(); ++k) sum(nodes[k], targets_[k] + offset, count, leaf);
  }

  [[nodiscard]] std::span<const AlignedVector<Real>> node_sums() const { return sums_; }
  /// Where the parameters of each subtree stand: for blocks of which every shard has rows of its
  /// own, so that nothing is to be added.
  [[nodiscard]] std::span<Real* const> targets() const { return targets_; }
  /// The same, moved out.
  [[nodiscard]] std::vector<AlignedVector<Real>> take_node_sums() { return std::move(sums_); }

 private:
  template <class Leaf>
  void sum(TreeNode node, Real* target, std::int64_t count, Leaf& leaf) {
    const std::int64_t n = layout_->reduction().leaves();
    const auto [begin, end] = leaves_of(node, n);
    if (end - begin == 1) {
      leaf(begin, target, false);
      return;
    }
    const TreeNode left{node.level - 1, 2 * node.index};
    const TreeNode right{node.level - 1, 2 * node.index + 1};
    sum(left, target, count, leaf);
    const auto [right_begin, right_end] = leaves_of(right, n);
    if (right_begin == right_end) return;
    if (right_end - right_begin == 1) {
      leaf(right_begin, target, true);
      return;
    }
    const auto level = static_cast<std::size_t>(node.level);
    if (spare_.size() <= level) spare_.resize(level + 1);
    if (static_cast<std::int64_t>(spare_[level].size()) < count) {
      spare_[level].resize(static_cast<std::size_t>(count));
    }
    Real* addend = spare_[level].data();
    sum(right, addend, count, leaf);
    for (std::int64_t i = 0; i < count; ++i) target[i] += addend[i];
  }

  const BatchLayout* layout_ = nullptr;
  std::vector<AlignedVector<Real>> sums_;
  std::vector<Real*> targets_;  // of each subtree
  std::vector<AlignedVector<Real>> spare_;
};

}  // namespace thalweg
