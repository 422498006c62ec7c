#include "base/ordered_sum.hpp"

#include <gtest/gtest.h>

#include <cmath>

#include "base/blas_setup.hpp"
#include "base/philox.hpp"

namespace thalweg {
namespace {

TEST(TreeSum, AddsAlongTheCanonicalTree) {
  // ((a+b)+(c+d))+e for five leaves.
  const std::vector<double> leaves{1e16, 1.0, -1e16, 1.0, 1.0};
  const double expected = ((leaves[0] + leaves[1]) + (leaves[2] + leaves[3])) + leaves[4];
  EXPECT_EQ(tree_sum(leaves), expected);
  EXPECT_EQ(tree_sum({}), 0.0);
  EXPECT_EQ(tree_sum(std::vector<double>{3.5}), 3.5);
}

// Whatever the cut points, subtrees summed apart and put together give the bits of the whole.
TEST(TreeSum, IsTheSameHoweverLeavesAreDealtOut) {
  Stream stream(3, Purpose::test, 0);
  for (std::int64_t n = 1; n <= 40; ++n) {
    std::vector<double> leaves(static_cast<std::size_t>(n));
    for (auto& leaf : leaves) leaf = stream.normal() * std::pow(10.0, stream.uniform(-8.0, 8.0));
    const double whole = tree_sum(leaves);
    const auto add = [](double& left, const double& right) { left += right; };
    for (int parts = 1; parts <= 9; ++parts) {
      TreeSum<double> global(n);
      for (int part = 0; part < parts; ++part) {
        const std::int64_t begin = n * part / parts;
        const std::int64_t end = n * (part + 1) / parts;
        TreeSum<double> local(n);
        for (std::int64_t i = begin; i < end; ++i)
          local.push({0, i}, leaves[static_cast<std::size_t>(i)], add);
        const auto nodes = cover(begin, end, n);
        ASSERT_EQ(nodes.size(), local.nodes().size())
            << n << " leaves, part " << part << " of " << parts;
        for (std::size_t k = 0; k < nodes.size(); ++k) {
          EXPECT_EQ(leaves_of(nodes[k], n), leaves_of(local.nodes()[k].first, n));
          global.push(nodes[k], local.nodes()[k].second, add);
        }
      }
      EXPECT_EQ(global.root(), whole) << n << " leaves in " << parts << " parts";
    }
  }
}

TEST(TreeSum, RefusesARootWithLeavesMissing) {
  TreeSum<double> sum(3);
  sum.push({0, 0}, 1.0, [](double& left, const double& right) { left += right; });
  sum.push({0, 1}, 1.0, [](double& left, const double& right) { left += right; });
  EXPECT_THROW(sum.root(), Error);
}

TEST(BlockDot, IsExactOnIntegers) {
  std::vector<float> a(1000);
  std::vector<float> b(1000);
  for (std::size_t i = 0; i < a.size(); ++i) {
    a[i] = static_cast<float>(i);
    b[i] = 2.0F;
  }
  EXPECT_EQ(block_dot(std::span<const float>(a), std::span<const float>(b)), 999.0 * 1000.0);
}

TEST(BlasSetup, WarnsOnlyWhenTheCpuOffersMore) {
  EXPECT_NE(blas_core_warning("Haswell", "Haswell", true).find("unset OPENBLAS_CORETYPE"),
            std::string::npos);
  EXPECT_EQ(blas_core_warning("", "SkylakeX", true), "");
  EXPECT_EQ(blas_core_warning("Haswell", "Haswell", false), "");
  EXPECT_NE(blas_core_warning("", "Haswell", true), "");
}

TEST(Narrow, RefusesWhatDoesNotFit) {
  EXPECT_EQ(narrow(2147483647, "n"), 2147483647);
  EXPECT_THROW(static_cast<void>(narrow(2147483648, "n")), Error);
  EXPECT_THROW(static_cast<void>(narrow(-1, "n")), Error);
}

}  // namespace
}  // namespace thalweg
