#include "objectives/factors/factor_chain.hpp"

#include <gtest/gtest.h>

#include <numeric>

#include "base/error.hpp"
#include "support/factor_harness.hpp"

namespace thalweg {
namespace {

TEST(FactorChain, TellsWhereFactorsStand) {
  const FactorChain chain(4, 6, 3, 5);
  EXPECT_EQ(chain.depth(), 3);
  EXPECT_EQ(chain.parameters(), 4 * 5 + 5 * 5 + 5 * 6);
  EXPECT_EQ(chain.offset(2), 20);
  EXPECT_EQ(chain.offset(3), 45);
  EXPECT_FALSE(chain.transposed(1));
  EXPECT_FALSE(chain.transposed(2));
  EXPECT_TRUE(chain.transposed(3));
  const auto blocks = chain.blocks();
  ASSERT_EQ(blocks.size(), 3U);
  EXPECT_EQ(blocks[0].name, "factor1");
  EXPECT_EQ(blocks[1].offset, 20);
  EXPECT_EQ(blocks[1].shape, (std::vector<std::int64_t>{5, 5}));
  EXPECT_EQ(blocks[2].name, "factor3");
  EXPECT_EQ(blocks[2].offset, 45);
  EXPECT_EQ(blocks[2].shape, (std::vector<std::int64_t>{6, 5}));
}

TEST(FactorChain, InnerSizeRestrictsNothingUnlessAsked) {
  EXPECT_EQ(FactorChain(4, 6, 3).size(1), 4);
  EXPECT_EQ(FactorChain(6, 4, 3).size(2), 4);
  EXPECT_EQ(FactorChain(6, 4, 3, 9).size(2), 9);
  const FactorChain single(6, 4, 1, 9);
  EXPECT_EQ(single.parameters(), 24);
  EXPECT_FALSE(single.transposed(1));
  EXPECT_EQ(single.blocks().front().shape, (std::vector<std::int64_t>{6, 4}));
}

// W_1 = [[1, 2], [3, 4]]; W_2 = [[5, 6, 7], [8, 9, 10]], in the vector column after column.
TEST(FactorChain, MultipliesItsFactors) {
  const FactorChain chain(2, 3, 2);
  const std::vector<float> x{1, 2, 3, 4, 5, 8, 6, 9, 7, 10};
  EXPECT_EQ(factor_of<float>(chain, x, 1), (std::vector<double>{1, 2, 3, 4}));
  EXPECT_EQ(factor_of<float>(chain, x, 2), (std::vector<double>{5, 6, 7, 8, 9, 10}));
  EXPECT_EQ(product_of<float>(chain, x), (std::vector<double>{21, 24, 27, 47, 54, 61}));
}

TEST(FactorChain, PutsFactorsWhereItFindsThem) {
  for (const int depth : {1, 2, 4}) {
    const FactorChain chain(3, 5, depth, 2);
    std::vector<double> x(static_cast<std::size_t>(chain.parameters()));
    std::iota(x.begin(), x.end(), 1.0);
    std::vector<double> copy(x.size());
    for (int j = 1; j <= depth; ++j) {
      const auto factor = factor_of<double>(chain, x, j);
      EXPECT_EQ(static_cast<std::int64_t>(factor.size()), chain.size(j - 1) * chain.size(j));
      set_factor<double>(chain, factor, j, copy);
    }
    EXPECT_EQ(copy, x) << depth;
  }
}

TEST(FactorChain, RefusesSizesBelowOne) {
  EXPECT_THROW(FactorChain(0, 3, 2), ConfigurationError);
  EXPECT_THROW(FactorChain(3, 0, 2), ConfigurationError);
  EXPECT_THROW(FactorChain(3, 3, 0), ConfigurationError);
  EXPECT_THROW(FactorChain(3, 3, 2, -1), ConfigurationError);
}

}  // namespace
}  // namespace thalweg
