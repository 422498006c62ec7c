#include "optimizers/direct/shrinkage.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "models/matrix_shard.hpp"
#include "support/factor_harness.hpp"

namespace thalweg {
namespace {

struct ShrunkShape {
  std::int64_t rows;
  std::int64_t columns;
};

// One, two, three and five shards: with more than three ranks, some have none.
const std::vector<ShrunkShape> kShrunkShapes{{1, 1},    {9, 9},    {40, 7},
                                             {300, 20}, {600, 33}, {1100, 5}};

/// D_τ(A), whole on every rank, and how many values were left.
struct Shrunk {
  std::vector<double> matrix;
  std::int64_t count;
};

Shrunk shrunk(const Communicator& team, ShrunkShape shape, const std::vector<double>& a,
              double threshold) {
  const BatchLayout layout(team, shape.rows, matrix_shard(shape.rows));
  Shrinkage shrinkage(team, layout, shape.columns);
  const auto begin = a.begin() + layout.rows().begin * shape.columns;
  const std::vector<double> mine(begin, begin + layout.rows().size() * shape.columns);
  std::vector<double> out(mine.size(), 7.0);
  const auto count = shrinkage.apply(mine, threshold, out);
  return {team.gather_all(std::span<const double>(out)), count};
}

class Shrinking : public ::testing::Test {
 protected:
  Communicator world_ = Communicator::duplicate(MPI_COMM_WORLD);
  Communicator self_ = Communicator::duplicate(MPI_COMM_SELF);
};

TEST_F(Shrinking, SoftThresholdsSingularValues) {
  for (const auto shape : kShrunkShapes) {
    const auto a = testing::random_vector(shape.rows * shape.columns, 1);
    const auto svd = dense_svd(a, shape.rows, shape.columns, true);
    for (const double share : {0.0, 0.3, 0.9}) {
      // Between two values, so that rounding does not decide.
      const auto kept = static_cast<std::size_t>(
          std::max(1.0, (1.0 - share) * static_cast<double>(svd.values.size())));
      const double below = kept < svd.values.size() ? svd.values[kept] : 0.0;
      const double threshold = 0.5 * (svd.values[kept - 1] + below);
      auto scaled = svd.left;
      const std::size_t k = svd.values.size();
      for (std::size_t i = 0; i < scaled.size(); ++i) {
        scaled[i] *= std::max(0.0, svd.values[i % k] - threshold);
      }
      std::vector<double> expected(a.size());
      gemm(false, false, shape.rows, shape.columns, static_cast<std::int64_t>(k), 1.0,
           scaled.data(), svd.right.data(), 0.0, expected.data());
      const auto found = shrunk(world_, shape, a, threshold);
      EXPECT_EQ(found.count, static_cast<std::int64_t>(kept));
      EXPECT_LT(testing::distance(found.matrix, expected), 1e-12)
          << shape.rows << " x " << shape.columns << ", " << kept;
    }
  }
}

// (2, −1, 2)ᵀ (1, 2) has the singular value 3√5: what is left is a share of 1 − τ/(3√5).
TEST_F(Shrinking, OfRankOneScalesIt) {
  const std::vector<double> a{2, 4, -1, -2, 2, 4};
  const double value = 3.0 * std::sqrt(5.0);
  const auto found = shrunk(world_, {3, 2}, a, 0.25 * value);
  EXPECT_EQ(found.count, 1);
  for (std::size_t i = 0; i < a.size(); ++i) EXPECT_NEAR(found.matrix[i], 0.75 * a[i], 1e-14);
}

TEST_F(Shrinking, LeavesNothingBeyondTheLargestValue) {
  for (const auto shape : kShrunkShapes) {
    const auto a = testing::random_vector(shape.rows * shape.columns, 1);
    const double top = dense_svd(a, shape.rows, shape.columns, false).values.front();
    const auto found = shrunk(world_, shape, a, 1.001 * top);
    EXPECT_EQ(found.count, 0);
    EXPECT_EQ(found.matrix, std::vector<double>(a.size(), 0.0));
    EXPECT_EQ(shrunk(world_, shape, std::vector<double>(a.size(), 0.0), 0.1).count, 0);
    EXPECT_EQ(shrunk(world_, shape, a, 0.999 * top).count, 1);
  }
}

TEST_F(Shrinking, HasTheBitsOfOneRank) {
  for (const auto shape : kShrunkShapes) {
    const auto a = testing::random_vector(shape.rows * shape.columns, 1);
    for (const double threshold : {0.0, 3.0, 15.0}) {
      const auto together = shrunk(world_, shape, a, threshold);
      const auto alone = shrunk(self_, shape, a, threshold);
      EXPECT_EQ(together.count, alone.count);
      EXPECT_TRUE(testing::same_bits(together.matrix, alone.matrix))
          << shape.rows << " x " << shape.columns << ", " << threshold;
    }
  }
}

}  // namespace
}  // namespace thalweg
