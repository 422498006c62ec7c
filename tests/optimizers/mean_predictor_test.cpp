#include "optimizers/direct/mean_predictor.hpp"

#include <gtest/gtest.h>

#include "base/error.hpp"

namespace thalweg {
namespace {

/// [[1, 3, ·], [·, ·, ·], [8, ·, ·]]: nothing of row 1 and of column 2.
MatrixEntries three_entries() {
  MatrixEntries entries;
  entries.add(0, 0, 1.0);
  entries.add(0, 1, 3.0);
  entries.add(2, 0, 8.0);
  return entries;
}

void expect_prediction(MeanKind kind, const std::vector<double>& expected) {
  const auto found = mean_prediction(3, 3, three_entries(), kind);
  ASSERT_EQ(found.size(), expected.size());
  for (std::size_t i = 0; i < found.size(); ++i) EXPECT_NEAR(found[i], expected[i], 1e-14) << i;
}

TEST(MeanPredictor, OfAll) {
  expect_prediction(MeanKind::all, std::vector<double>(9, 4.0));
}

TEST(MeanPredictor, OfRows) {
  expect_prediction(MeanKind::row, {2, 2, 2, 4, 4, 4, 8, 8, 8});
}

TEST(MeanPredictor, OfColumns) {
  expect_prediction(MeanKind::column, {4.5, 3, 4, 4.5, 3, 4, 4.5, 3, 4});
}

// Columns deviate from 4 by ½, −1 and 0; then row 0 by (−3.5 + 0)/2, row 2 by 3.5.
TEST(MeanPredictor, OfColumnsThenRows) {
  expect_prediction(MeanKind::row_column, {2.75, 1.25, 2.25, 4.5, 3, 4, 8, 6.5, 7.5});
}

TEST(MeanPredictor, OfAMatrixThatIsNotSquare) {
  MatrixEntries entries;
  entries.add(0, 3, 2.0);
  entries.add(1, 3, 6.0);
  EXPECT_EQ(mean_prediction(2, 4, entries, MeanKind::row),
            (std::vector<double>{2, 2, 2, 2, 6, 6, 6, 6}));
  EXPECT_EQ(mean_prediction(2, 4, entries, MeanKind::column), std::vector<double>(8, 4.0));
}

TEST(MeanPredictor, NeedsEntries) {
  EXPECT_THROW(mean_prediction(2, 2, MatrixEntries{}, MeanKind::all), Error);
}

}  // namespace
}  // namespace thalweg
