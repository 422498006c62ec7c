#include "kernels/gram_plan.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <map>
#include <tuple>

namespace thalweg {
namespace {

GramIdentity matrix(std::int64_t rows, std::int64_t columns, std::int64_t block,
                    std::int64_t strips, bool symmetric) {
  GramIdentity identity;
  identity.rows = rows;
  identity.columns = columns;
  identity.block = block;
  identity.strips = strips;
  identity.symmetric = symmetric;
  return identity;
}

std::int64_t total(const std::vector<StripWork>& work) {
  std::int64_t sum = 0;
  for (const StripWork& item : work) sum += item.cost;
  return sum;
}

/// Owners as on a block-cyclic grid.
void deal(std::vector<StripWork>& work, int grid_rows, int grid_columns) {
  for (StripWork& item : work) {
    item.owner = static_cast<int>(item.place.row % grid_rows * grid_columns +
                                  item.place.column % grid_columns);
  }
}

TEST(GramPlan, CountsEveryElementOnce) {
  // A triangle of 37 rows with its diagonal, 37 · 38/2, whatever the tiles; a rectangle, all of it.
  for (const auto& [block, strips] : {std::pair{8, 1}, {8, 4}, {16, 2}, {48, 3}}) {
    EXPECT_EQ(total(strips_of(matrix(37, 37, block, strips, true), true)), 703);
    EXPECT_EQ(total(strips_of(matrix(20, 37, block, strips, false), true)), 740);
  }
  // With padding: 15 tiles of 8 × 8 over and above the diagonal of 5 × 5.
  EXPECT_EQ(total(strips_of(matrix(37, 37, 8, 2, true), false)), 15 * 64);
}

TEST(GramPlan, EvensOutATriangleOverAGrid) {
  for (const auto& [rows, columns] : {std::pair{2, 1}, {3, 1}, {2, 2}, {3, 2}, {8, 4}}) {
    auto work = strips_of(matrix(2000, 2000, 250, 5, true), true);
    deal(work, rows, columns);
    const int ranks = rows * columns;
    even_out(work, ranks);
    const double before = imbalance_of_owners(work, ranks);
    const double after = imbalance_of_workers(work, ranks);
    EXPECT_GT(before, 1.1);
    // The last piece decides: one strip is 250 · 50 of 2,001,000 elements.
    EXPECT_LT(after, 1.0 + ranks * 250.0 * 50.0 / 2001000.0);
    EXPECT_EQ(total(work), 2001000);
  }
}

TEST(GramPlan, LeavesWhatIsDoneAndWhatIsEvenWhereItIs) {
  auto work = strips_of(matrix(1000, 1000, 100, 1, true), true);
  deal(work, 2, 2);
  std::int64_t open = 0;
  for (StripWork& item : work) {
    // Only rank 3's part is missing.
    if (item.owner != 3) item.cost = 0;
    open += item.cost > 0 ? 1 : 0;
  }
  even_out(work, 4);
  std::map<int, std::int64_t> computed;
  for (const StripWork& item : work) {
    if (item.cost == 0) {
      EXPECT_EQ(item.worker, item.owner);
    } else {
      ++computed[item.worker];
    }
  }
  for (int rank = 0; rank < 4; ++rank) EXPECT_LE(std::abs(computed[rank] - open / 4), 1);

  auto alone = strips_of(matrix(1000, 1000, 100, 1, true), true);
  even_out(alone, 1);
  EXPECT_TRUE(std::all_of(alone.begin(), alone.end(),
                          [](const StripWork& item) { return item.worker == 0; }));
}

TEST(GramPlan, StripsThatShareAPageMoveTogether) {
  EXPECT_EQ(strips_of_whole_pages(matrix(150, 150, 32, 4, true)), 2) << "of 2048 bytes";
  EXPECT_EQ(strips_of_whole_pages(matrix(2000, 2000, 256, 64, true)), 1) << "of 8192 bytes";
  EXPECT_EQ(strips_of_whole_pages(matrix(150, 150, 48, 3, true)), 3) << "of 6144 bytes: the tile";
  EXPECT_EQ(strips_of_whole_pages(matrix(5, 5, 16, 1, true)), 1);
  // Padding beyond the last column costs nothing, and shares pages all the same.
  for (const int ranks : {2, 3, 4, 6}) {
    auto work = strips_of(matrix(150, 150, 32, 8, true), true);
    deal(work, 1, ranks);
    even_out(work, ranks, 4);
    EXPECT_LE(imbalance_of_workers(work, ranks), imbalance_of_owners(work, ranks));
    for (std::size_t k = 0; k < work.size(); ++k) {
      EXPECT_EQ(work[k].worker, work[k - k % 4].worker) << k;
    }
  }
}

TEST(GramPlan, MoreRanksThanWork) {
  auto work = strips_of(matrix(5, 5, 16, 1, true), true);
  even_out(work, 6);
  EXPECT_EQ(work.size(), 1U);
  EXPECT_EQ(work[0].worker, 0);
}

}  // namespace
}  // namespace thalweg
