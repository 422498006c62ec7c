#pragma once

#include <cstdint>
#include <span>
#include <utility>
#include <vector>

#include "base/error.hpp"

namespace thalweg {

/// A node of the canonical binary tree over n leaves: it covers the leaves
/// [index·2^level, min((index+1)·2^level, n)). The value of a node is the sum of its two children,
/// or of its only child where the right one is empty. The tree depends on n alone, so a sum along
/// it has the same bits however the leaves are dealt out to ranks.
struct TreeNode {
  int level = 0;
  std::int64_t index = 0;
  friend bool operator==(const TreeNode&, const TreeNode&) = default;
};

/// The maximal nodes that tile the leaves [begin, end) of a tree over n leaves, from left to right.
std::vector<TreeNode> cover(std::int64_t begin, std::int64_t end, std::int64_t n);

/// First and one-past-last leaf of a node.
std::pair<std::int64_t, std::int64_t> leaves_of(TreeNode node, std::int64_t n);

/// Adds values up the canonical tree. Nodes are pushed from left to right; a node is merged with
/// its left sibling as soon as both are there, so at most log2(n)+1 values are alive. `Value` is
/// moved about; `merge(left, right)` adds right into left.
template <class Value>
class TreeSum {
 public:
  explicit TreeSum(std::int64_t n) : n_(n) {}

  template <class Merge>
  void push(TreeNode node, Value value, Merge&& merge) {
    promote(node);
    while ((node.index & 1) != 0 && !stack_.empty() &&
           stack_.back().first == TreeNode{node.level, node.index - 1}) {
      Value left = std::move(stack_.back().second);
      stack_.pop_back();
      merge(left, value);
      value = std::move(left);
      node = {node.level + 1, node.index / 2};
      promote(node);
    }
    stack_.emplace_back(node, std::move(value));
  }

  /// What is left: the maximal nodes of the leaves pushed so far; one value when all n were pushed.
  [[nodiscard]] std::vector<std::pair<TreeNode, Value>>& nodes() { return stack_; }

  /// The root's value, after all leaves were pushed.
  Value& root() {
    if (stack_.size() != 1 || leaves_of(stack_.front().first, n_).second != n_) {
      throw Error("ordered sum: some leaves were never pushed");
    }
    return stack_.front().second;
  }

 private:
  /// A left child whose right sibling is empty stands for its parent.
  void promote(TreeNode& node) const {
    while (node.index != 0 || (std::int64_t{1} << node.level) < n_) {
      if ((node.index & 1) != 0) return;
      if (((node.index + 1) << node.level) < n_) return;
      node = {node.level + 1, node.index / 2};
    }
  }

  std::int64_t n_;
  std::vector<std::pair<TreeNode, Value>> stack_;
};

/// Sum of the leaves along the canonical tree; 0 for none.
double tree_sum(std::span<const double> leaves);

/// Vectors are summed in blocks of this many elements: the unit that a slice of a vector is made
/// of.
inline constexpr std::int64_t kVectorBlock = 1024;

/// Σ a_i b_i over one block (at most kVectorBlock elements), in float64, in an order fixed by the
/// length.
double block_dot(std::span<const double> a, std::span<const double> b);
double block_dot(std::span<const float> a, std::span<const float> b);

}  // namespace thalweg
