#include "statistics/correlation.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include "base/philox.hpp"

namespace thalweg {
namespace {

using Numbers = std::vector<double>;

// Values of scipy.stats.kendalltau 1.10; the first by hand: 35 concordant pairs, 10 discordant.
TEST(Correlation, KendallsTauOfKnownData) {
  const Numbers ranks{1, 2, 3, 4, 5, 6, 7, 8, 9, 10};
  const Numbers other{2, 1, 5, 3, 8, 4, 10, 6, 9, 7};
  EXPECT_NEAR(kendall_tau_b(ranks, other), 0.5555555555555555, 1e-15);
  EXPECT_NEAR(kendall_tau_a(ranks, other), 0.5555555555555555, 1e-15);
  const Numbers tied_x{1, 1, 2, 2, 3, 3, 4, 5};
  const Numbers tied_y{1, 2, 2, 2, 3, 1, 4, 4};
  EXPECT_NEAR(kendall_tau_b(tied_x, tied_y), 0.6255432421712244, 1e-15);
  EXPECT_NEAR(kendall_tau_b(Numbers{12, 2, 1, 12, 2}, Numbers{1, 4, 7, 1, 0}), -0.47140452079103173,
              1e-15);
}

TEST(Correlation, OrderDecidesAndSignsTurn) {
  const Numbers x{0.1, 3.0, 2.0, 7.0};
  Numbers y{1e-9, 1e3, 5.0, 1e200};
  EXPECT_EQ(kendall_tau_b(x, y), 1.0);
  for (auto& value : y) value = -value;
  EXPECT_EQ(kendall_tau_b(x, y), -1.0);
}

TEST(Correlation, WhatDoesNotVaryHasNoCoefficient) {
  EXPECT_TRUE(std::isnan(kendall_tau_b(Numbers{1, 1, 1}, Numbers{1, 2, 3})));
  EXPECT_TRUE(std::isnan(kendall_tau_b(Numbers{1, 2, 3}, Numbers{4, 4, 4})));
  EXPECT_TRUE(std::isnan(kendall_tau_b(Numbers{1}, Numbers{2})));
  EXPECT_TRUE(std::isnan(kendall_tau_b(Numbers{}, Numbers{})));
  EXPECT_EQ(kendall_tau_a(Numbers{1, 1, 1}, Numbers{1, 2, 3}), 0.0);
}

// A second way to the same number: every pair by its signs.
TEST(Correlation, CountsAsEveryPairWould) {
  for (std::uint64_t copy = 0; copy < 50; ++copy) {
    Stream stream(7, Purpose::test, copy);
    const std::size_t n = 2 + stream.below(40);
    Numbers x(n);
    Numbers y(n);
    for (std::size_t i = 0; i < n; ++i) {
      x[i] = static_cast<double>(stream.below(6));  // many ties
      y[i] = 0.5 * x[i] + static_cast<double>(stream.below(8));
    }
    double excess = 0.0;
    double apart_x = 0.0;
    double apart_y = 0.0;
    for (std::size_t i = 0; i < n; ++i) {
      for (std::size_t j = 0; j < i; ++j) {
        const double by_x = x[i] < x[j] ? -1.0 : (x[i] > x[j] ? 1.0 : 0.0);
        const double by_y = y[i] < y[j] ? -1.0 : (y[i] > y[j] ? 1.0 : 0.0);
        excess += by_x * by_y;
        apart_x += by_x * by_x;
        apart_y += by_y * by_y;
      }
    }
    const double all = 0.5 * static_cast<double>(n * (n - 1));
    EXPECT_EQ(kendall_tau_a(x, y), excess / all);
    if (apart_x * apart_y > 0.0) {
      EXPECT_NEAR(kendall_tau_b(x, y), excess / std::sqrt(apart_x * apart_y), 1e-14);
    }
  }
}

TEST(Correlation, BootstrapIntervalsRepeatAndWiden) {
  Numbers x;
  Numbers y;
  Stream stream(3, Purpose::test, 0);
  for (int i = 0; i < 30; ++i) {
    x.push_back(stream.normal());
    y.push_back(x.back() + stream.normal());
  }
  const BootstrapOptions options{1000, 0.95, 4};
  const auto first = bootstrap_interval(x, y, options);
  const auto again = bootstrap_interval(x, y, options);
  EXPECT_EQ(first.low, again.low);
  EXPECT_EQ(first.high, again.high);
  const double tau = kendall_tau_b(x, y);
  EXPECT_LT(first.low, tau);
  EXPECT_GT(first.high, tau);
  const auto narrow = bootstrap_interval(x, y, {1000, 0.5, 4});
  EXPECT_GT(narrow.low, first.low);
  EXPECT_LT(narrow.high, first.high);
  EXPECT_NE(bootstrap_interval(x, y, {1000, 0.95, 5}).low, first.low);
  // An order that no resample breaks.
  const auto certain = bootstrap_interval(x, x, options);
  EXPECT_EQ(certain.low, 1.0);
  EXPECT_EQ(certain.high, 1.0);
}

// Of many samples of a bivariate normal law with correlation 1/2, whose tau is (2/pi) asin(1/2) =
// 1/3, about 95 % have it in their interval.
TEST(Correlation, IntervalsCoverWhatTheyShould) {
  constexpr int copies = 200;
  int covered = 0;
  for (std::uint64_t copy = 0; copy < copies; ++copy) {
    Stream stream(11, Purpose::test, copy);
    Numbers x(40);
    Numbers y(40);
    for (std::size_t i = 0; i < x.size(); ++i) {
      x[i] = stream.normal();
      y[i] = 0.5 * x[i] + std::sqrt(0.75) * stream.normal();
    }
    const auto interval = bootstrap_interval(x, y, {400, 0.95, copy});
    covered += interval.low <= 1.0 / 3.0 && 1.0 / 3.0 <= interval.high ? 1 : 0;
  }
  EXPECT_GE(covered, copies * 88 / 100);
  EXPECT_LE(covered, copies * 99 / 100);
}

TEST(Correlation, NoIntervalWhereMostResamplesDoNotVary) {
  const auto empty = bootstrap_interval(Numbers{}, Numbers{}, {200, 0.95, 1});
  EXPECT_TRUE(std::isnan(empty.low) && std::isnan(empty.high));
  Numbers rare(40, 0.0);
  rare[0] = 1.0;
  Numbers y(40);
  for (std::size_t i = 0; i < y.size(); ++i) y[i] = static_cast<double>(i);
  // A resample misses the one run that differs with probability 0.363: an interval over the rest.
  EXPECT_FALSE(std::isnan(bootstrap_interval(rare, y, {400, 0.95, 1}).low));
  rare[0] = 0.0;
  EXPECT_TRUE(std::isnan(bootstrap_interval(rare, y, {400, 0.95, 1}).low));
}

// Two batches times three rates; by hand.
TEST(Correlation, GranulatedByHand) {
  std::vector<std::vector<std::string>> places;
  for (const char* batch : {"16", "64"}) {
    for (const char* rate : {"0.1", "0.2", "0.4"}) places.push_back({batch, rate});
  }
  const Numbers x{1, 2, 3, 10, 11, 12};
  const Numbers y{3, 1, 2, 6, 5, 4};
  // Along the rate: within 16 (3,1,2) is -1/3, within 64 (6,5,4) is -1. Along the batch: x and y
  // both rise, 1 in each of three groups.
  const std::vector<std::size_t> both{0, 1};
  const auto found = granulated_tau(x, y, places, both);
  ASSERT_EQ(found.by_axis.size(), 2U);
  EXPECT_DOUBLE_EQ(found.by_axis[0], 1.0);
  EXPECT_DOUBLE_EQ(found.by_axis[1], -2.0 / 3.0);
  EXPECT_DOUBLE_EQ(found.mean, 1.0 / 6.0);
  // The whole is dominated by the batch.
  EXPECT_GT(kendall_tau_b(x, y), 0.3);
  const std::vector<std::size_t> rate{1};
  EXPECT_DOUBLE_EQ(granulated_tau(x, y, places, rate).mean, -2.0 / 3.0);
}

TEST(Correlation, GranulatedWithoutCompanions) {
  const std::vector<std::vector<std::string>> places{{"16", "1"}, {"64", "2"}, {"64", "3"}};
  const std::vector<std::size_t> both{0, 1};
  const auto found = granulated_tau(Numbers{1, 2, 3}, Numbers{1, 3, 2}, places, both);
  EXPECT_TRUE(std::isnan(found.by_axis[0])) << "no two runs differ in the first alone";
  EXPECT_EQ(found.by_axis[1], -1.0);
  EXPECT_EQ(found.mean, -1.0);
}

}  // namespace
}  // namespace thalweg
