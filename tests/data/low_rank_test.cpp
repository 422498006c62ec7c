#include "data/low_rank.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <span>
#include <utility>

#include "data/support.hpp"
#include "parallel/communicator.hpp"

namespace thalweg {
namespace {

using testing_data::expect_refusal;

std::size_t position(const MatrixSample& sample, const MatrixEntries& entries, std::int64_t k) {
  const auto at = static_cast<std::size_t>(k);
  return static_cast<std::size_t>(entries.row[at] * sample.columns + entries.column[at]);
}

/// Row-major numbers of the positions, in the order of the entries.
std::vector<std::size_t> positions(const MatrixSample& sample, const MatrixEntries& entries) {
  std::vector<std::size_t> all;
  for (std::int64_t k = 0; k < entries.size(); ++k) all.push_back(position(sample, entries, k));
  return all;
}

/// Sizes of the pivots of Gaussian elimination with complete pivoting.
std::vector<double> pivots(std::vector<double> matrix, std::int64_t rows, std::int64_t columns) {
  const auto at = [&](std::int64_t i, std::int64_t j) -> double& {
    return matrix[static_cast<std::size_t>(i * columns + j)];
  };
  std::vector<double> found;
  for (std::int64_t step = 0; step < std::min(rows, columns); ++step) {
    std::pair<std::int64_t, std::int64_t> best{step, step};
    for (std::int64_t i = step; i < rows; ++i) {
      for (std::int64_t j = step; j < columns; ++j) {
        if (std::abs(at(i, j)) > std::abs(at(best.first, best.second))) best = {i, j};
      }
    }
    for (std::int64_t j = 0; j < columns; ++j) std::swap(at(step, j), at(best.first, j));
    for (std::int64_t i = 0; i < rows; ++i) std::swap(at(i, step), at(i, best.second));
    found.push_back(std::abs(at(step, step)));
    if (found.back() == 0.0) return found;
    for (std::int64_t i = step + 1; i < rows; ++i) {
      const double factor = at(i, step) / at(step, step);
      for (std::int64_t j = step; j < columns; ++j) at(i, j) -= factor * at(step, j);
    }
  }
  return found;
}

double sum_of_powers(const std::vector<double>& values, double exponent) {
  double sum = 0.0;
  for (const double value : values) sum += std::pow(value, exponent);
  return sum;
}

TEST(LowRank, TheTruthHasTheRankAndUnitRootMeanSquare) {
  for (const std::string law : {"normal", "uniform"}) {
    LowRankOptions options;
    options.rows = 30;
    options.columns = 20;
    options.rank = 4;
    options.observed = 100;
    options.law = law;
    const auto sample = low_rank_sample(options, 5);
    EXPECT_EQ(sample.rows, 30);
    EXPECT_EQ(sample.columns, 20);
    EXPECT_EQ(sample.truth.size(), 600U);
    EXPECT_NEAR(sum_of_powers(sample.truth, 2.0), 600.0, 1e-9) << law;
    EXPECT_NE(sample.truth[1], sample.truth[20]) << "one factor is the other";
    const auto found = pivots(sample.truth, 30, 20);
    EXPECT_GT(found[3], 0.05) << law;
    EXPECT_LT(found[4], 1e-12) << law;
  }
}

TEST(LowRank, FactorsFollowTheirLaw) {
  // A column of rank one is a sample of the law times a number: its fourth moment over the square
  // of its second is 3 for the normal law, 9/5 for the uniform one. Errors by the delta method.
  LowRankOptions options;
  options.rows = 20000;
  options.columns = 1;
  options.rank = 1;
  options.observed = 1;
  const double n = 20000.0;
  const auto mean_power = [&](double exponent) {
    return sum_of_powers(low_rank_sample(options, 1).truth, exponent) / n;
  };
  EXPECT_NEAR(mean_power(1.0), 0.0, 4.0 / std::sqrt(n));
  EXPECT_NEAR(mean_power(4.0), 3.0, 4.0 * std::sqrt(24.0 / n));
  options.law = "uniform";
  EXPECT_NEAR(mean_power(1.0), 0.0, 4.0 / std::sqrt(n));
  EXPECT_NEAR(mean_power(4.0), 1.8, 4.0 * 1.8 * std::sqrt(0.4063 / n));
}

TEST(LowRank, EveryEntryIsOfOnePart) {
  LowRankOptions options;
  options.rows = 12;
  options.columns = 17;
  options.observed = 60;
  options.validation = 20;
  const auto sample = low_rank_sample(options, 3);
  EXPECT_EQ(sample.train.size(), 60);
  EXPECT_EQ(sample.validation.size(), 20);
  EXPECT_EQ(sample.test.size(), 124);
  std::vector<int> seen(204, 0);
  for (const auto* entries : {&sample.train, &sample.validation, &sample.test}) {
    const auto all = positions(sample, *entries);
    EXPECT_TRUE(std::is_sorted(all.begin(), all.end()));
    for (std::int64_t k = 0; k < entries->size(); ++k) {
      const auto at = position(sample, *entries, k);
      ++seen.at(at);
      EXPECT_EQ(entries->value[static_cast<std::size_t>(k)], sample.truth[at]);
    }
  }
  EXPECT_EQ(std::count(seen.begin(), seen.end(), 1), 204);
}

TEST(LowRank, AllEntriesMayBeObserved) {
  LowRankOptions options;
  options.observed = 10000;
  const auto sample = low_rank_sample(options, 1);
  EXPECT_EQ(sample.train.value, sample.truth);
  EXPECT_EQ(sample.test.size(), 0);
}

TEST(LowRank, EveryPositionIsAsLikelyToBeObserved) {
  LowRankOptions options;
  options.rows = 4;
  options.columns = 5;
  options.rank = 1;
  options.observed = 8;
  std::vector<double> counts(20, 0.0);
  constexpr std::uint64_t draws = 1000;
  for (std::uint64_t seed = 0; seed < draws; ++seed) {
    const auto sample = low_rank_sample(options, seed);
    for (const auto at : positions(sample, sample.train)) counts[at] += 1.0;
  }
  for (const double count : counts) EXPECT_NEAR(count, 400.0, 4.0 * std::sqrt(1000 * 0.4 * 0.6));
}

TEST(LowRank, WhatIsObservedGrowsWithTheirNumberAndTheMatrixStays) {
  LowRankOptions options;
  options.noise = 0.5;
  const auto few = low_rank_sample(options, 9);
  options.observed = 5000;
  const auto many = low_rank_sample(options, 9);
  EXPECT_EQ(few.truth, many.truth);
  const auto inner = positions(few, few.train);
  const auto outer = positions(many, many.train);
  EXPECT_TRUE(std::includes(outer.begin(), outer.end(), inner.begin(), inner.end()));
  // The noise of an entry stays too.
  for (std::size_t k = 0; k < inner.size(); ++k) {
    const auto at = std::lower_bound(outer.begin(), outer.end(), inner[k]) - outer.begin();
    EXPECT_EQ(few.train.value[k], many.train.value[static_cast<std::size_t>(at)]);
  }
  EXPECT_NE(few.truth, low_rank_sample(options, 10).truth);
}

TEST(LowRank, NoiseIsNormalOnSeenEntriesAndAbsentInTheTest) {
  LowRankOptions options;
  options.rows = 200;
  options.observed = 16000;
  options.validation = 2000;
  options.noise = 0.3;
  const auto sample = low_rank_sample(options, 2);
  std::vector<double> noise;  // in units of its standard deviation
  for (const auto* entries : {&sample.train, &sample.validation}) {
    for (std::int64_t k = 0; k < entries->size(); ++k) {
      const double value = entries->value[static_cast<std::size_t>(k)];
      noise.push_back((value - sample.truth[position(sample, *entries, k)]) / 0.3);
    }
  }
  const double n = 18000.0;
  EXPECT_NEAR(sum_of_powers(noise, 1.0) / n, 0.0, 4.0 / std::sqrt(n));
  EXPECT_NEAR(sum_of_powers(noise, 2.0) / n, 1.0, 4.0 * std::sqrt(2.0 / n));
  EXPECT_NEAR(sum_of_powers(noise, 4.0) / n, 3.0, 4.0 * std::sqrt(96.0 / n));
  for (std::int64_t k = 0; k < sample.test.size(); ++k) {
    EXPECT_EQ(sample.test.value[static_cast<std::size_t>(k)],
              sample.truth[position(sample, sample.test, k)]);
  }
  EXPECT_NEAR(sum_of_powers(sample.truth, 2.0), 20000.0, 1e-8);
}

TEST(LowRank, CoherenceMakesTheRowsFallOff) {
  LowRankOptions options;
  options.rows = 20;
  options.columns = 30;
  options.observed = 10;
  const auto flat = low_rank_sample(options, 4);
  options.coherence = 0.75;
  const auto sample = low_rank_sample(options, 4);
  const auto ratio = [&](std::int64_t i, std::int64_t j) {
    const auto at = static_cast<std::size_t>(i * 30 + j);
    return sample.truth[at] / flat.truth[at];
  };
  for (std::int64_t i = 0; i < 20; ++i) {
    for (std::int64_t j = 0; j < 30; ++j) {
      const double fall = std::pow(static_cast<double>((i + 1) * (j + 1)), -0.75);
      EXPECT_NEAR(ratio(i, j) / ratio(0, 0), fall, 1e-11 * fall) << i << ' ' << j;
    }
  }
  EXPECT_GT(ratio(0, 0), 1.0);
  EXPECT_NEAR(sum_of_powers(sample.truth, 2.0), 600.0, 1e-9);
}

TEST(LowRank, TheHashIsOfShapeAndEntriesAndTheSameOnEveryRank) {
  LowRankOptions options;
  auto sample = low_rank_sample(options, 1);
  EXPECT_EQ(sample.hash, low_rank_sample(options, 1).hash);
  EXPECT_NE(sample.hash, low_rank_sample(options, 2).hash);
  const auto comm = Communicator::duplicate(MPI_COMM_WORLD);
  for (const auto other : comm.gather_all(std::span<const std::uint64_t>(&sample.hash, 1))) {
    EXPECT_EQ(other, sample.hash);
  }
  const auto changes = [&](auto change) {
    MatrixSample copy = sample;
    change(copy);
    return checksum_of(copy) != sample.hash;
  };
  EXPECT_FALSE(changes([](auto&) {}));
  EXPECT_TRUE(changes([](auto& copy) { ++copy.rows; }));
  EXPECT_TRUE(changes([](auto& copy) { ++copy.columns; }));
  EXPECT_TRUE(changes([](auto& copy) { ++copy.train.row[0]; }));
  EXPECT_TRUE(changes([](auto& copy) { ++copy.train.column.back(); }));
  EXPECT_TRUE(changes([](auto& copy) { copy.test.value.back() += 1e-12; }));
  EXPECT_TRUE(changes([](auto& copy) { std::swap(copy.validation, copy.test); }));
}

TEST(LowRank, TheDescriptionSaysWhatWasDrawn) {
  LowRankOptions options;
  EXPECT_EQ(low_rank_sample(options, 7).description,
            "low rank: 100 x 100 of rank 5, normal factors, 2000 training, 0 validation and 8000 "
            "test entries, seed 7");
  options.law = "uniform";
  options.coherence = 0.5;
  options.noise = 0.1;
  EXPECT_EQ(low_rank_sample(options, 7).description,
            "low rank: 100 x 100 of rank 5, uniform factors of coherence 0.5, noise 0.1, 2000 "
            "training, 0 validation and 8000 test entries, seed 7");
}

TEST(LowRank, RefusesImpossibleNumbers) {
  const auto refused = [](auto change, const std::vector<std::string>& pieces) {
    LowRankOptions options;
    change(options);
    expect_refusal([&] { (void)low_rank_sample(options, 1); }, pieces);
  };
  refused([](auto& o) { o.rows = 0; }, {"rows: found 0, expected 1"});
  refused([](auto& o) { o.columns = -1; }, {"columns: found -1, expected 1 to 1000000"});
  refused([](auto& o) { o.columns = 1000001; }, {"columns: found 1000001", "beside 100 rows"});
  refused([](auto& o) { o.rows = std::numeric_limits<std::int64_t>::max(); }, {"rows: found 9"});
  refused([](auto& o) { o.rank = 0; }, {"rank: found 0, expected 1 to 100"});
  refused([](auto& o) { o.rank = 101; }, {"rank: found 101, expected 1 to 100"});
  refused([](auto& o) { o.observed = 0; }, {"observed: found 0, expected 1 to 10000"});
  refused([](auto& o) { o.observed = 10001; }, {"observed: found 10001, expected 1 to 10000"});
  refused([](auto& o) { o.validation = -1; }, {"validation: found -1, expected 0 to 8000"});
  refused([](auto& o) { o.validation = 8001; }, {"validation: found 8001, expected 0 to 8000"});
  refused([](auto& o) { o.coherence = -0.1; }, {"coherence: found -0.1, expected 0 or more"});
  refused([](auto& o) { o.noise = std::nan(""); }, {"noise: found nan, expected 0 or more"});
  refused([](auto& o) { o.noise = HUGE_VAL; }, {"noise: found inf, expected 0 or more"});
  refused([](auto& o) { o.law = "cauchy"; }, {"law: found \"cauchy\"", "\"uniform\""});
}

}  // namespace
}  // namespace thalweg
