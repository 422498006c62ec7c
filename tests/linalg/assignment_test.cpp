#include "linalg/assignment.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <numeric>

#include "base/error.hpp"
#include "base/philox.hpp"

namespace thalweg {
namespace {

double sum_of(const std::vector<double>& gains, const std::vector<std::int64_t>& columns) {
  double sum = 0.0;
  for (std::size_t r = 0; r < columns.size(); ++r) {
    sum += gains[r * columns.size() + static_cast<std::size_t>(columns[r])];
  }
  return sum;
}

// Every one of the n! assignments is tried.
TEST(Assignment, IsTheBestOfAll) {
  for (std::uint64_t draw = 0; draw < 40; ++draw) {
    const auto n = static_cast<std::int64_t>(1 + draw % 7);
    Stream stream(5, Purpose::test, draw);
    std::vector<double> gains(static_cast<std::size_t>(n * n));
    for (auto& gain : gains) gain = stream.normal();
    const auto found = best_assignment(gains, n);
    std::vector<std::int64_t> tried(static_cast<std::size_t>(n));
    std::iota(tried.begin(), tried.end(), 0);
    double best = -1e300;
    do {
      best = std::max(best, sum_of(gains, tried));
    } while (std::next_permutation(tried.begin(), tried.end()));
    auto sorted = found;
    std::sort(sorted.begin(), sorted.end());
    std::iota(tried.begin(), tried.end(), 0);
    EXPECT_EQ(sorted, tried);
    EXPECT_NEAR(sum_of(gains, found), best, 1e-12);
  }
}

TEST(Assignment, OfATextbook) {
  // Costs 4 1 3 / 2 0 5 / 3 2 2: the cheapest assignment costs 1 + 2 + 2.
  const auto found = best_assignment(std::vector<double>{-4, -1, -3, -2, 0, -5, -3, -2, -2}, 3);
  EXPECT_EQ(found, (std::vector<std::int64_t>{1, 0, 2}));
}

TEST(Assignment, RefusesWhatIsNotFinite) {
  EXPECT_THROW(static_cast<void>(best_assignment(std::vector<double>{1, 2, std::nan(""), 4}, 2)),
               Error);
}

}  // namespace
}  // namespace thalweg
