#include "optimizers/direct/alternating_least_squares.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "base/error.hpp"
#include "support/factor_harness.hpp"

namespace thalweg {
namespace {

constexpr std::int64_t kRows = 14;
constexpr std::int64_t kColumns = 11;

/// Entries of a matrix of rank 3 and some noise; none in row 5 and column 2.
MatrixEntries entries_with_gaps() {
  auto m = testing::composed(testing::random_vector(kRows * 3, 1), {1.0, 0.7, 0.5},
                             testing::random_vector(kColumns * 3, 2));
  const auto noise = testing::random_vector(kRows * kColumns, 3, 0.1);
  for (std::size_t i = 0; i < m.size(); ++i) m[i] += noise[i];
  MatrixEntries kept;
  const auto all = testing::some_entries(m, kColumns, 0.6, 4);
  for (std::size_t k = 0; k < all.value.size(); ++k) {
    if (all.row[k] != 5 && all.column[k] != 2) kept.add(all.row[k], all.column[k], all.value[k]);
  }
  return kept;
}

/// The objective of U then V by its definition, and what half its derivatives are.
struct Regularised {
  double value = 0.0;
  std::vector<double> derivative;
};

Regularised regularised(const MatrixEntries& entries, const AlternatingOptions& options,
                        const std::vector<double>& x) {
  Regularised found{0.0, std::vector<double>(x.size(), 0.0)};
  const auto rank = static_cast<std::size_t>(options.rank);
  std::vector<double> count(kRows + kColumns, options.by_count ? 0.0 : 1.0);
  for (std::size_t k = 0; k < entries.value.size(); ++k) {
    const auto i = static_cast<std::size_t>(entries.row[k]);
    const auto j = static_cast<std::size_t>(kRows + entries.column[k]);
    double r = -entries.value[k];
    for (std::size_t p = 0; p < rank; ++p) r += x[i * rank + p] * x[j * rank + p];
    found.value += r * r;
    for (std::size_t p = 0; p < rank; ++p) {
      found.derivative[i * rank + p] += r * x[j * rank + p];
      found.derivative[j * rank + p] += r * x[i * rank + p];
    }
    if (options.by_count) {
      count[i] += 1.0;
      count[j] += 1.0;
    }
  }
  for (std::size_t i = 0; i < x.size(); ++i) {
    found.value += options.ridge * count[i / rank] * x[i] * x[i];
    found.derivative[i] += options.ridge * count[i / rank] * x[i];
  }
  return found;
}

class Alternating : public ::testing::Test {
 protected:
  Communicator world_ = Communicator::duplicate(MPI_COMM_WORLD);
};

TEST_F(Alternating, DescendsToAStationaryPoint) {
  const auto entries = entries_with_gaps();
  for (const bool by_count : {true, false}) {
    const AlternatingOptions options{3, 0.05, by_count, 7};
    AlternatingLeastSquares als(world_, kRows, kColumns, entries, options);
    double last = HUGE_VAL;
    for (int k = 0; k < 600; ++k) {
      als.sweep();
      const double objective = als.objective();
      EXPECT_LE(objective, last * (1.0 + 1e-13)) << k;
      last = objective;
    }
    const auto found = regularised(entries, options, als.state());
    EXPECT_NEAR(als.objective() / found.value, 1.0, 1e-13);
    for (const double slope : found.derivative) EXPECT_NEAR(slope, 0.0, 1e-9);
    EXPECT_GT(found.value, 0.1);
  }
}

// After a sweep V is the best for its U, however far both are from their ends.
TEST_F(Alternating, SolvesEachHalfExactly) {
  const auto entries = entries_with_gaps();
  const AlternatingOptions options{3, 0.05, true, 7};
  AlternatingLeastSquares als(world_, kRows, kColumns, entries, options);
  als.sweep();
  const auto found = regularised(entries, options, als.state());
  double rows = 0.0;
  for (std::size_t i = 0; i < found.derivative.size(); ++i) {
    if (i < static_cast<std::size_t>(kRows * options.rank)) {
      rows += std::abs(found.derivative[i]);
    } else {
      EXPECT_NEAR(found.derivative[i], 0.0, 1e-12);
    }
  }
  EXPECT_GT(rows, 1e-3);
}

TEST_F(Alternating, LeavesRowsWithoutEntriesZero) {
  AlternatingLeastSquares als(world_, kRows, kColumns, entries_with_gaps(), {3, 0.05, true, 7});
  als.sweep();
  const auto w = als.matrix();
  const auto state = als.state();
  for (std::size_t i = 0; i < w.size(); ++i) {
    const std::size_t row = i / kColumns;
    const std::size_t column = i % kColumns;
    EXPECT_EQ(w[i] == 0.0, row == 5 || column == 2) << row << ", " << column;
    double sum = 0.0;
    for (std::size_t p = 0; p < 3; ++p) {
      sum += state[row * 3 + p] * state[(kRows + column) * 3 + p];
    }
    EXPECT_NEAR(w[i], sum, 1e-14);
  }
}

// All observed, λ for each row alike: ‖UVᵀ − M‖² + λ(‖U‖² + ‖V‖²) is least where UVᵀ is M with its
// singular values less λ, and is then Σ 2λσ − λ² over those above λ, Σ σ² over the others.
TEST_F(Alternating, OfAKnownMatrixIsSoftThresholded) {
  const auto left = testing::orthonormal(kRows, 4, 1);
  const auto right = testing::orthonormal(kColumns, 4, 2);
  const auto m = testing::composed(left, {9.0, 5.0, 2.0, 0.5}, right);
  AlternatingLeastSquares als(world_, kRows, kColumns, testing::some_entries(m, kColumns, 1.0, 1),
                              {3, 1.0, false, 7});
  for (int k = 0; k < 200; ++k) als.sweep();
  const auto expected = testing::composed(left, {8.0, 4.0, 1.0, 0.0}, right);
  EXPECT_LT(testing::distance(als.matrix(), expected), 1e-10);
  EXPECT_NEAR(als.objective(), 17.0 + 9.0 + 3.0 + 0.25, 1e-10);
}

// λ times the observations of each row and column: singular values less λ√(rows · columns), so two
// of them miss by 2λ² in the mean.
TEST_F(Alternating, MissesAKnownMatrixOfItsRankByTheRidge) {
  const auto m = testing::composed(testing::random_vector(kRows * 2, 1), {1.0, 0.7},
                                   testing::random_vector(kColumns * 2, 2));
  const auto entries = testing::some_entries(m, kColumns, 1.0, 1);
  for (const double ridge : {1e-1, 3e-2, 1e-2}) {
    AlternatingLeastSquares als(world_, kRows, kColumns, entries, {2, ridge, true, 7});
    for (int k = 0; k < 600; ++k) als.sweep();
    EXPECT_NEAR(als.mean_square(entries) / (2.0 * ridge * ridge), 1.0, 1e-8) << ridge;
  }
}

TEST_F(Alternating, MeanSquareIsThatOfItsMatrix) {
  AlternatingLeastSquares als(world_, kRows, kColumns, entries_with_gaps(), {2, 0.1, true, 7});
  als.sweep();
  MatrixEntries others;
  others.add(0, 0, 1.5);
  others.add(5, 3, -2.0);
  const double r = als.matrix()[0] - 1.5;
  EXPECT_NEAR(als.mean_square(others), 0.5 * (r * r + 4.0), 1e-13);
}

TEST_F(Alternating, RestoredStateContinuesWithTheSameBits) {
  const auto entries = entries_with_gaps();
  AlternatingLeastSquares whole(world_, kRows, kColumns, entries, {3, 0.1, true, 7});
  AlternatingLeastSquares second(world_, kRows, kColumns, entries, {3, 0.1, true, 8});
  EXPECT_NE(whole.state(), second.state());  // another seed
  whole.sweep();
  second.restore(whole.state());
  whole.sweep();
  second.sweep();
  EXPECT_TRUE(testing::same_bits(whole.state(), second.state()));
}

// Rows and columns that no number of ranks divides, and fewer columns than some have ranks.
TEST_F(Alternating, HasTheBitsOfOneRank) {
  const auto self = Communicator::duplicate(MPI_COMM_SELF);
  for (const std::int64_t columns : {3, 47}) {
    const auto entries = testing::random_entries(101, columns, 0.3, 1);
    for (const bool by_count : {true, false}) {
      AlternatingLeastSquares together(world_, 101, columns, entries, {4, 0.1, by_count, 7});
      AlternatingLeastSquares alone(self, 101, columns, entries, {4, 0.1, by_count, 7});
      for (int k = 0; k < 3; ++k) {
        together.sweep();
        alone.sweep();
      }
      EXPECT_TRUE(testing::same_bits(together.state(), alone.state()));
      EXPECT_EQ(together.objective(), alone.objective());
    }
  }
}

TEST_F(Alternating, RefusesWhatHasNoSolution) {
  const auto entries = entries_with_gaps();
  for (const AlternatingOptions& options :
       {AlternatingOptions{0, 0.1}, AlternatingOptions{-1, 0.1}, AlternatingOptions{3, 0.0},
        AlternatingOptions{3, -1.0}, AlternatingOptions{3, std::nan("")}}) {
    EXPECT_THROW(AlternatingLeastSquares(world_, kRows, kColumns, entries, options),
                 ConfigurationError)
        << options.rank << ", " << options.ridge;
  }
}

}  // namespace
}  // namespace thalweg
