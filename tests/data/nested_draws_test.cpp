#include "data/nested_draws.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "base/error.hpp"

namespace thalweg {
namespace {

std::vector<std::int32_t> labels_of(std::int64_t n) {
  std::vector<std::int32_t> labels;
  for (std::int64_t i = 0; i < n; ++i) labels.push_back(static_cast<std::int32_t>(i * 7 % 5));
  return labels;
}

TEST(NestedDraw, EveryBeginningIsBalanced) {
  const auto labels = labels_of(103);
  const auto order = nested_draw(labels, 5, 3, 0);
  EXPECT_EQ(std::set<std::int64_t>(order.begin(), order.end()).size(), 103U);
  for (const std::size_t size : {5U, 10U, 50U, 100U}) {
    std::vector<std::size_t> counts(5, 0);
    for (std::size_t k = 0; k < size; ++k) {
      ++counts[static_cast<std::size_t>(labels[static_cast<std::size_t>(order[k])])];
    }
    EXPECT_EQ(*std::max_element(counts.begin(), counts.end()), size / 5);
  }
}

TEST(NestedDraw, DependsOnSeedAndDraw) {
  const auto labels = labels_of(50);
  const auto first = nested_draw(labels, 5, 3, 0);
  EXPECT_EQ(nested_draw(labels, 5, 3, 0), first);
  EXPECT_NE(nested_draw(labels, 5, 3, 1), first);
  EXPECT_NE(nested_draw(labels, 5, 4, 0), first);
}

TEST(NestedDraw, RefusesAPoolWithoutAClass) {
  EXPECT_THROW(nested_draw(labels_of(50), 6, 0, 0), Error);
}

}  // namespace
}  // namespace thalweg
