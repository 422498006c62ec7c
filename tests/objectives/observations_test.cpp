#include "objectives/factors/observations.hpp"

#include <gtest/gtest.h>

#include <memory>

#include "base/error.hpp"
#include "objectives/factors/matrix_factorization.hpp"
#include "objectives/factors/sparse_factorization.hpp"
#include "support/factor_harness.hpp"

namespace thalweg {
namespace {

using testing::distance;
using testing::random_vector;
using testing::whole_curvature;
using testing::whole_gradient;

constexpr std::int64_t kRows = 300;  // two shards of entries, one of measurements
constexpr std::int64_t kColumns = 5;

/// The matrices e_i e_jᵀ that measure entries.
Measurements as_measurements(const MatrixEntries& entries) {
  Measurements seen{{}, entries.value};
  for (std::size_t k = 0; k < entries.value.size(); ++k) {
    std::vector<double> unit(static_cast<std::size_t>(kRows * kColumns), 0.0);
    unit[static_cast<std::size_t>(entries.row[k] * kColumns + entries.column[k])] = 1.0;
    seen.matrices.insert(seen.matrices.end(), unit.begin(), unit.end());
  }
  return seen;
}

class Observed : public ::testing::Test {
 protected:
  /// The same observations three ways.
  std::vector<std::unique_ptr<Objective<double>>> problems(ResidualLoss loss) {
    std::vector<std::unique_ptr<Objective<double>>> all;
    all.push_back(std::make_unique<MatrixFactorization<double>>(world_, chain_, entries_, loss));
    all.push_back(std::make_unique<MatrixFactorization<double>>(world_, chain_,
                                                                as_measurements(entries_), loss));
    all.push_back(std::make_unique<SparseFactorization<double>>(world_, chain_, entries_, loss));
    return all;
  }

  Communicator world_ = Communicator::duplicate(MPI_COMM_WORLD);
  FactorChain chain_{kRows, kColumns, 2, 3};
  MatrixEntries entries_ = testing::random_entries(kRows, kColumns, 0.03, 1);
  std::vector<double> x_ = random_vector(chain_.parameters(), 2, 0.8);
  std::vector<double> v_ = random_vector(chain_.parameters(), 3);
};

TEST_F(Observed, EntriesAreMeasurementsByUnitMatrices) {
  for (const double exponent : {2.0, 3.0}) {
    const auto all = problems({exponent, 0.5, false});
    for (const std::size_t k : {1U, 2U}) {
      EXPECT_NEAR(all[k]->value(x_, {}) / all[0]->value(x_, {}), 1.0, 1e-13);
      EXPECT_LT(distance(whole_gradient(*all[k], x_), whole_gradient(*all[0], x_)), 1e-13);
      EXPECT_LT(distance(whole_curvature(*all[k], x_, v_), whole_curvature(*all[0], x_, v_)),
                1e-13);
    }
  }
}

TEST_F(Observed, SubsetsAreUnbiased) {
  for (const ResidualLoss loss : {ResidualLoss{2.0, 1.0, true}, ResidualLoss{2.0, 0.5, false},
                                  ResidualLoss{4.0, 1.0, true}}) {
    for (const auto& objective : problems(loss)) {
      const std::int64_t count = objective->sample_count();
      EXPECT_EQ(count, entries_.size());
      double value = 0.0;
      std::vector<double> gradient(x_.size(), 0.0);
      std::vector<double> curvature(x_.size(), 0.0);
      for (std::int64_t k = 0; k < count; ++k) {
        const std::vector<std::int64_t> one{k};
        value += objective->value(x_, one) / static_cast<double>(count);
        const auto g = whole_gradient(*objective, x_, one);
        const auto h = whole_curvature(*objective, x_, v_, one);
        for (std::size_t i = 0; i < x_.size(); ++i) {
          gradient[i] += g[i] / static_cast<double>(count);
          curvature[i] += h[i] / static_cast<double>(count);
        }
      }
      EXPECT_NEAR(value / objective->value(x_, {}), 1.0, 1e-13);
      EXPECT_LT(distance(gradient, whole_gradient(*objective, x_)), 1e-13);
      EXPECT_LT(distance(curvature, whole_curvature(*objective, x_, v_)), 1e-13);
    }
  }
}

TEST_F(Observed, WhatIsAskedForTwiceCountsTwice) {
  for (const double exponent : {2.0, 4.0}) {
    for (const auto& objective : problems({exponent, 1.0, true})) {
      const std::vector<std::int64_t> repeated{4, 0, 4};
      const std::vector<std::int64_t> first{0};
      const std::vector<std::int64_t> fourth{4};
      EXPECT_NEAR(objective->value(x_, repeated),
                  (2.0 * objective->value(x_, fourth) + objective->value(x_, first)) / 3.0,
                  1e-13 * objective->value(x_, repeated));
      auto expected = whole_gradient(*objective, x_, first);
      const auto more = whole_gradient(*objective, x_, fourth);
      for (std::size_t i = 0; i < x_.size(); ++i) expected[i] = (expected[i] + 2.0 * more[i]) / 3.0;
      EXPECT_LT(distance(whole_gradient(*objective, x_, repeated), expected), 1e-13);
    }
  }
}

// All numbers at once are all observations, whatever was asked for before.
TEST_F(Observed, SubsetsLeaveNothingBehind) {
  std::vector<std::int64_t> every;
  for (std::int64_t k = 0; k < entries_.size(); ++k) every.push_back(k);
  for (const auto& objective : problems({2.0, 1.0, true})) {
    const auto whole = whole_gradient(*objective, x_);
    static_cast<void>(whole_gradient(*objective, x_, std::vector<std::int64_t>{1, 2}));
    EXPECT_TRUE(testing::same_bits(whole_gradient(*objective, x_), whole));
    EXPECT_LT(distance(whole_gradient(*objective, x_, every), whole), 1e-13);
    EXPECT_NEAR(objective->value(x_, every) / objective->value(x_, {}), 1.0, 1e-13);
  }
}

TEST_F(Observed, RefusesWhatDoesNotFit) {
  for (const auto& objective : problems({})) {
    EXPECT_THROW(static_cast<void>(objective->value(x_, std::vector<std::int64_t>{-1})), Error);
    EXPECT_THROW(
        static_cast<void>(objective->value(x_, std::vector<std::int64_t>{0, entries_.size()})),
        Error);
  }
  EXPECT_THROW(MatrixFactorization<double>(world_, chain_, MatrixEntries{}, {}), Error);
  EXPECT_THROW(MatrixFactorization<double>(world_, chain_, Measurements{}, {}), Error);
  EXPECT_THROW(SparseFactorization<double>(world_, chain_, MatrixEntries{}, {}), Error);
  EXPECT_THROW(MatrixFactorization<double>(world_, chain_, Measurements{{1.0, 2.0}, {1.0}}, {}),
               Error);
  const BatchLayout shards(world_, kRows, 128);
  EXPECT_THROW(
      observe_measurements<double>(shards, kColumns, as_measurements(entries_), ResidualLoss{}),
      Error);
}

}  // namespace
}  // namespace thalweg
