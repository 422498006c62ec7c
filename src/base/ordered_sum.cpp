#include "base/ordered_sum.hpp"

#include <algorithm>
#include <array>

namespace thalweg {

std::pair<std::int64_t, std::int64_t> leaves_of(TreeNode node, std::int64_t n) {
  return {std::min(node.index << node.level, n), std::min((node.index + 1) << node.level, n)};
}

std::vector<TreeNode> cover(std::int64_t begin, std::int64_t end, std::int64_t n) {
  std::vector<TreeNode> nodes;
  while (begin < end) {
    TreeNode node{0, begin};
    while ((node.index & 1) == 0) {
      const TreeNode parent{node.level + 1, node.index / 2};
      if (leaves_of(parent, n).second > end || leaves_of(node, n) == std::pair{begin, n}) break;
      node = parent;
    }
    nodes.push_back(node);
    begin = leaves_of(node, n).second;
  }
  return nodes;
}

double tree_sum(std::span<const double> leaves) {
  if (leaves.empty()) return 0.0;
  TreeSum<double> sum(static_cast<std::int64_t>(leaves.size()));
  for (std::size_t i = 0; i < leaves.size(); ++i) {
    sum.push({0, static_cast<std::int64_t>(i)}, leaves[i],
             [](double& left, const double& right) { left += right; });
  }
  return sum.root();
}

namespace {

template <class Real>
double block_dot_of(std::span<const Real> a, std::span<const Real> b) {
  constexpr std::size_t lanes = 16;
  std::array<double, lanes> sums{};
  std::size_t i = 0;
  for (; i + lanes <= a.size(); i += lanes) {
    for (std::size_t lane = 0; lane < lanes; ++lane) {
      sums[lane] += static_cast<double>(a[i + lane]) * static_cast<double>(b[i + lane]);
    }
  }
  for (std::size_t lane = 0; i + lane < a.size(); ++lane) {
    sums[lane] += static_cast<double>(a[i + lane]) * static_cast<double>(b[i + lane]);
  }
  return tree_sum(sums);
}

}  // namespace

double block_dot(std::span<const double> a, std::span<const double> b) {
  return block_dot_of(a, b);
}
double block_dot(std::span<const float> a, std::span<const float> b) {
  return block_dot_of(a, b);
}

}  // namespace thalweg
