#include "optimizers/direct/nuclear_norm.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "base/error.hpp"
#include "data/low_rank.hpp"
#include "optimizers/direct/matrix_norms.hpp"
#include "support/factor_harness.hpp"

namespace thalweg {
namespace {

MatrixSample sample_of(std::int64_t rows, std::int64_t columns, std::int64_t rank,
                       std::int64_t observed) {
  LowRankOptions options;
  options.rows = rows;
  options.columns = columns;
  options.rank = rank;
  options.observed = observed;
  return low_rank_sample(options, 5);
}

double nuclear_norm_of(const std::vector<double>& matrix, std::int64_t rows, std::int64_t columns) {
  return nuclear_norm(dense_svd(matrix, rows, columns, false).values);
}

void advance(NuclearNormCompletion& completion, int steps) {
  for (int k = 0; k < steps; ++k) completion.step();
}

class NuclearNorm : public ::testing::Test {
 protected:
  Communicator world_ = Communicator::duplicate(MPI_COMM_WORLD);
};

// [[w, 1], [1, 0]]: σ₁σ₂ = 1 and σ₁² + σ₂² = w² + 2, so ‖·‖_* = √(w² + 4).
TEST_F(NuclearNorm, IsLeastWhereTheFreeElementIsZero) {
  MatrixEntries entries;
  entries.add(0, 1, 1.0);
  entries.add(1, 0, 1.0);
  entries.add(1, 1, 0.0);
  for (const double threshold : {0.05, 0.3, 2.0}) {
    NuclearNormCompletion completion(world_, 2, 2, entries, {threshold});
    advance(completion, 600);
    EXPECT_NEAR(completion.matrix()[0], 0.0, 1e-8) << threshold;
    const auto found = completion.certificate();
    EXPECT_NEAR(found.upper, 2.0, 1e-12);
    EXPECT_NEAR(found.lower, 2.0, 1e-8);
    EXPECT_EQ(found.rank, 2);
  }
}

// [[2, 2], [2, w]]: σ₁σ₂ = 2|w − 2| and σ₁² + σ₂² = w² + 12, so ‖·‖_*² has a kink at w = 2, where
// it is 16 and its slopes are 0 and 8.
TEST_F(NuclearNorm, IsLeastWhereTheRankFalls) {
  MatrixEntries entries;
  entries.add(0, 0, 2.0);
  entries.add(0, 1, 2.0);
  entries.add(1, 0, 2.0);
  NuclearNormCompletion completion(world_, 2, 2, entries, {});
  advance(completion, 3000);
  EXPECT_NEAR(completion.matrix()[3], 2.0, 0.05);  // flat at one side
  const auto found = completion.certificate();
  EXPECT_NEAR(found.upper, 4.0, 1e-5);
  EXPECT_LE(found.lower, 4.0 + 1e-12);
  EXPECT_NEAR(found.lower, 4.0, 1e-3);
}

TEST_F(NuclearNorm, OfAKnownMatrixIsItsOwn) {
  const auto m = testing::random_vector(4, 1);
  NuclearNormCompletion completion(world_, 2, 2, testing::some_entries(m, 2, 1.0, 1), {});
  advance(completion, 400);
  EXPECT_EQ(completion.matrix(), m);
  const auto found = completion.certificate();
  EXPECT_NEAR(found.upper, nuclear_norm_of(m, 2, 2), 1e-13);
  EXPECT_LT(std::abs(found.gap), 1e-10);
}

// Enough entries to determine the matrix: its own norm is the optimum.
TEST_F(NuclearNorm, RecoversAMatrixOfLowRank) {
  const auto sample = sample_of(30, 30, 2, 600);
  const double optimum = nuclear_norm_of(sample.truth, 30, 30);
  NuclearNormCompletion completion(world_, 30, 30, sample.train, {});
  for (int k = 0; k < 600; ++k) {
    completion.step();
    if (k % 50 != 0) continue;
    const auto on_the_way = completion.certificate();
    EXPECT_LT(on_the_way.lower, optimum * (1.0 + 1e-12)) << k;
    EXPECT_GT(on_the_way.upper, optimum * (1.0 - 1e-12)) << k;
  }
  const auto found = completion.certificate();
  EXPECT_LT(found.gap, 1e-6);
  EXPECT_GT(found.gap, -1e-12);
  EXPECT_DOUBLE_EQ(found.gap, (found.upper - found.lower) / found.upper);
  EXPECT_EQ(found.rank, 2);
  ASSERT_EQ(found.singular_values.size(), 30U);
  EXPECT_NEAR(nuclear_norm(found.singular_values), found.upper, 1e-10);
  EXPECT_LT(found.singular_values[2], 1e-5);
  EXPECT_LT(testing::distance(completion.matrix(), sample.truth), 1e-6);
}

// Too few: the optimum is below the norm of the matrix that was sampled, and still bracketed.
TEST_F(NuclearNorm, IsBracketedWhereThereIsLessToKnow) {
  const auto sample = sample_of(20, 28, 3, 180);
  NuclearNormCompletion completion(world_, 20, 28, sample.train, {});
  double lower = 0.0;
  double upper = HUGE_VAL;
  for (int k = 0; k < 3000; ++k) {
    completion.step();
    if (k % 300 != 299) continue;
    const auto found = completion.certificate();
    lower = std::max(lower, found.lower);
    upper = std::min(upper, found.upper);
    EXPECT_LE(lower, upper * (1.0 + 1e-12)) << k;
  }
  EXPECT_LT((upper - lower) / upper, 1e-6);
  EXPECT_LT(upper, 0.97 * nuclear_norm_of(sample.truth, 20, 28));
}

TEST_F(NuclearNorm, IsOfMatricesThatAgreeWithTheEntries) {
  for (const std::int64_t rows : {12, 25, 300}) {
    const auto sample = sample_of(rows, 16, 2, 150);
    NuclearNormCompletion completion(world_, rows, 16, sample.train, {});
    for (int k = 0; k < 4; ++k) {
      EXPECT_EQ(mean_square(completion.matrix(), 16, sample.train), 0.0) << rows;
      completion.step();
    }
  }
}

TEST_F(NuclearNorm, ThresholdIsATwentiethOfTheMatrixAsSeen) {
  MatrixEntries entries;
  entries.add(0, 0, 3.0);
  entries.add(1, 1, 4.0);
  // 25 of 2 entries: 250 of all 20.
  EXPECT_NEAR(NuclearNormCompletion(world_, 4, 5, entries, {}).threshold(), std::sqrt(250.0) / 20.0,
              1e-14);
  EXPECT_EQ(NuclearNormCompletion(world_, 4, 5, entries, {0.7}).threshold(), 0.7);
}

TEST_F(NuclearNorm, NeedsEntriesThatAreNotZero) {
  EXPECT_THROW(NuclearNormCompletion(world_, 3, 3, MatrixEntries{}, {}), Error);
  EXPECT_THROW(NuclearNormCompletion(world_, 3, 3, MatrixEntries{}, {1.0}), Error);
  MatrixEntries zero;
  zero.add(1, 1, 0.0);
  EXPECT_THROW(NuclearNormCompletion(world_, 3, 3, zero, {}), Error);
}

}  // namespace
}  // namespace thalweg
