#include "data/preprocess.hpp"

#include <gtest/gtest.h>

#include <array>
#include <cmath>

#include "base/error.hpp"
#include "base/philox.hpp"
#include "data/data_storage.hpp"

namespace thalweg {
namespace {

/// One-row images of the given bytes, spread over the ranks.
RawSplit spread(const std::vector<std::vector<std::uint8_t>>& rows, const Communicator& comm) {
  RawSplit split;
  const auto n = static_cast<std::int64_t>(rows.size());
  split.shape = {1, 1, static_cast<std::int64_t>(rows.front().size())};
  split.classes = 1;
  split.labels.assign(rows.size(), 0);
  split.held = samples_of(n, comm.size(), comm.rank());
  for (std::int64_t i = split.held.begin; i < split.held.end; ++i) {
    const auto& row = rows[static_cast<std::size_t>(i)];
    split.bytes.insert(split.bytes.end(), row.begin(), row.end());
  }
  return split;
}

std::vector<double> applied(const Preprocess& preprocess, std::vector<double> row) {
  preprocess.apply(row);
  return row;
}

void expect_near(const std::vector<double>& found, const std::vector<double>& expected) {
  ASSERT_EQ(found.size(), expected.size());
  for (std::size_t j = 0; j < found.size(); ++j) EXPECT_NEAR(found[j], expected[j], 1e-14) << j;
}

class PreprocessTest : public ::testing::Test {
 protected:
  Communicator comm_ = Communicator::duplicate(MPI_COMM_WORLD);
};

TEST_F(PreprocessTest, NothingToDoLeavesValuesOver255) {
  const auto train = spread({{0, 51}, {255, 51}}, comm_);
  expect_near(applied(Preprocess({}, train, comm_), {0.2, 0.7}), {0.2, 0.7});
  if (train.held.size() == 2) {
    std::vector<double> row(2);
    train.read_row(1, row);
    EXPECT_EQ(row, (std::vector<double>{1.0, 0.2}));
  }
}

TEST_F(PreprocessTest, StandardizeDividesByThePopulationDeviation) {
  // Feature 0: values 0, 0, 1, 0.2 (bytes over 255): mean 0.3, variance (0.09·2 + 0.49 + 0.01)/4 =
  // 0.17. Feature 1 is constant, 0.2.
  const auto train = spread({{0, 51}, {0, 51}, {255, 51}, {51, 51}}, comm_);
  const Preprocess preprocess({"standardize"}, train, comm_);
  expect_near(applied(preprocess, {1.0, 0.2}), {0.7 / std::sqrt(0.17), 0.0});
  expect_near(applied(preprocess, {0.0, 1.2}), {-0.3 / std::sqrt(0.17), 1.0});
}

TEST_F(PreprocessTest, AConstantFeatureWhoseMeanIsRoundedIsLeftAtUnitScale) {
  std::vector<std::vector<std::uint8_t>> rows(1000, {77});
  const auto train = spread(rows, comm_);
  const Preprocess preprocess({"standardize"}, train, comm_);
  const auto row = applied(preprocess, {77.0 / 255.0 + 0.25});
  EXPECT_NEAR(row[0], 0.25, 1e-12);
}

/// Rows of numbers, spread over the ranks.
RawSplit numbers(const std::vector<std::vector<double>>& rows, const Communicator& comm) {
  RawSplit split;
  const auto n = static_cast<std::int64_t>(rows.size());
  split.shape = {1, 1, static_cast<std::int64_t>(rows.front().size())};
  split.labels.assign(rows.size(), 0);
  split.held = samples_of(n, comm.size(), comm.rank());
  for (std::int64_t i = split.held.begin; i < split.held.end; ++i) {
    const auto& row = rows[static_cast<std::size_t>(i)];
    split.numbers.insert(split.numbers.end(), row.begin(), row.end());
  }
  return split;
}

/// n values mean ± step, half of each.
std::vector<std::vector<double>> pairs(std::size_t n, double mean, double step) {
  std::vector<std::vector<double>> rows;
  for (std::size_t i = 0; i < n; ++i) rows.push_back({i % 2 == 0 ? mean - step : mean + step});
  return rows;
}

TEST_F(PreprocessTest, StandardizeFindsSmallDeviationsOfLargeNumbers) {
  // Steps that both numbers can hold exactly: the deviation is the step.
  const std::vector<std::array<double, 2>> cases{{1048576.0, std::ldexp(1.0, -17)},  // 7.6e-6
                                                 {1048576.0, std::ldexp(1.0, -31)},
                                                 {-3.0, std::ldexp(1.0, -48)},
                                                 {1e15, 1.0}};
  for (const auto& [mean, step] : cases) {
    const auto rows = pairs(40000, mean, step);
    const Preprocess preprocess({"standardize"}, numbers(rows, comm_), comm_);
    EXPECT_TRUE(preprocess.notices().empty()) << mean;
    EXPECT_NEAR(applied(preprocess, {mean - step})[0], -1.0, 1e-9) << mean;
    EXPECT_NEAR(applied(preprocess, {mean + step})[0], 1.0, 1e-9) << mean;
    const Preprocess zca({"zca"}, numbers(rows, comm_), comm_, 1e-12);
    EXPECT_TRUE(zca.notices().empty()) << mean;
    EXPECT_NEAR(applied(zca, {mean + step})[0], 1.0, 1e-9) << mean;
  }
}

TEST_F(PreprocessTest, StandardizeSaysWhatIsConstantUpToRounding) {
  std::vector<std::vector<double>> rows;
  for (int i = 0; i < 100; ++i) {
    const bool even = i % 2 == 0;
    rows.push_back({14.62, even ? 0.1 + 0.2 : 0.3, even ? 1.0 : 2.0, 0.0, 1e300});
  }
  const Preprocess preprocess({"standardize"}, numbers(rows, comm_), comm_);
  ASSERT_EQ(preprocess.notices().size(), 1U);
  EXPECT_EQ(preprocess.notices()[0],
            "[data] preprocess: standardize: 4 of 5 features are constant up to rounding in the "
            "training samples and only centred: 0, 1, 3, 4");
  const auto row = applied(preprocess, {14.62 + 0.5, 0.3 + 0.5, 2.0, -7.0, 1e300});
  EXPECT_EQ(row[0], 14.62 + 0.5 - 14.62);
  EXPECT_NEAR(row[1], 0.5, 1e-15);
  EXPECT_EQ(row[2], 1.0);
  EXPECT_EQ(row[3], -7.0);
  EXPECT_EQ(row[4], 0.0);
  const Preprocess one({"standardize"}, numbers({{3.0}}, comm_), comm_);
  EXPECT_EQ(applied(one, {3.0})[0], 0.0);
  EXPECT_EQ(one.notices().size(), 1U);
  EXPECT_EQ(Preprocess({"zca"}, numbers({{3.0}}, comm_), comm_).notices().size(), 1U);
  EXPECT_EQ(Preprocess({"scale01"}, numbers({{3.0}}, comm_), comm_).notices().size(), 1U);
  EXPECT_TRUE(Preprocess({"center"}, numbers({{3.0}}, comm_), comm_).notices().empty());
}

TEST_F(PreprocessTest, SquaresOfExtremeNumbersNeitherOverflowNorVanish) {
  for (const double size : {1e-300, 1e-170, 1e170, 1e300}) {
    const Preprocess preprocess({"standardize"}, numbers(pairs(10, 0.0, size), comm_), comm_);
    EXPECT_TRUE(preprocess.notices().empty()) << size;
    EXPECT_NEAR(applied(preprocess, {size})[0], 1.0, 1e-15) << size;
    const Preprocess norm({"unit_norm"}, numbers({{1.0, 2.0}}, comm_), comm_);
    expect_near(applied(norm, {3.0 * size, -4.0 * size}), {0.6, -0.8});
  }
}

TEST_F(PreprocessTest, RefusesNumbersWhoseStatisticsOverflow) {
  const auto huge = numbers({{1.0, 1.7e308}, {2.0, 1.7e308}}, comm_);
  EXPECT_THROW(Preprocess({"standardize"}, huge, comm_), ReportedError);
  EXPECT_THROW(Preprocess({"center"}, huge, comm_), ReportedError);
  const auto wide = numbers({{-1.7e308}, {1.7e308}}, comm_);
  EXPECT_NEAR(applied(Preprocess({"standardize"}, wide, comm_), {1.7e308})[0], 1.0, 1e-15);
  EXPECT_THROW(Preprocess({"scale01"}, wide, comm_), ReportedError);
  EXPECT_THROW(Preprocess({"zca"}, numbers(pairs(4, 0.0, 1e200), comm_), comm_), ReportedError);
}

TEST_F(PreprocessTest, CenterSubtractsTheMean) {
  const auto train = spread({{0, 51}, {255, 153}}, comm_);
  expect_near(applied(Preprocess({"center"}, train, comm_), {0.0, 0.2}), {-0.5, -0.2});
}

TEST_F(PreprocessTest, UnitNormLeavesZerosAlone) {
  const auto train = spread({{0, 51}}, comm_);
  const Preprocess preprocess({"unit_norm"}, train, comm_);
  expect_near(applied(preprocess, {3.0, -4.0}), {0.6, -0.8});
  expect_near(applied(preprocess, {0.0, 0.0}), {0.0, 0.0});
}

TEST_F(PreprocessTest, Scale01MapsTheRangeOfTheTrainingSet) {
  const auto train = spread({{51, 102}, {153, 204}}, comm_);  // 0.2, 0.4, 0.6, 0.8
  expect_near(applied(Preprocess({"scale01"}, train, comm_), {0.2, 0.8}), {0.0, 1.0});
  expect_near(applied(Preprocess({"scale01"}, train, comm_), {0.5, 1.1}), {0.5, 1.5});
}

TEST_F(PreprocessTest, StepsAreFittedOnWhatTheStepsBeforeMade) {
  const auto train = spread({{3, 4}, {6, 8}, {0, 0}, {12, 16}}, comm_);
  // Rows of norm 1 are (.6, .8) three times and (0, 0): means .45 and .6.
  const Preprocess norm_first({"unit_norm", "center"}, train, comm_);
  expect_near(applied(norm_first, {3.0, 4.0}), {0.15, 0.2});
  const Preprocess center_first({"center", "unit_norm"}, train, comm_);
  const double mean0 = 21.0 / 4.0 / 255.0;
  const double mean1 = 28.0 / 4.0 / 255.0;
  expect_near(applied(center_first, {mean0 + 0.5, mean1}), {1.0, 0.0});
}

TEST_F(PreprocessTest, StatisticsHaveTheSameBitsOnOneRank) {
  std::vector<std::vector<std::uint8_t>> rows;
  for (unsigned i = 0; i < 333; ++i) {
    rows.push_back({static_cast<std::uint8_t>(i * i), static_cast<std::uint8_t>(i * 7 + 3)});
  }
  const auto alone = Communicator::duplicate(MPI_COMM_SELF);
  const std::vector<std::string> steps{"standardize", "unit_norm", "scale01", "center"};
  const Preprocess spread_out(steps, spread(rows, comm_), comm_);
  const Preprocess by_one(steps, spread(rows, alone), alone);
  const std::vector<double> row{0.37, 0.91};
  EXPECT_EQ(applied(spread_out, row), applied(by_one, row));
}

/// Rows of `features` correlated numbers, spread over the ranks; the last feature is constant.
RawSplit correlated(std::int64_t n, std::size_t features, const Communicator& comm) {
  RawSplit split;
  split.shape = {1, 1, static_cast<std::int64_t>(features)};
  split.labels.assign(static_cast<std::size_t>(n), 0);
  split.held = samples_of(n, comm.size(), comm.rank());
  for (std::int64_t i = split.held.begin; i < split.held.end; ++i) {
    Stream stream(5, Purpose::test, static_cast<std::uint64_t>(i));
    double x = stream.normal();
    for (std::size_t j = 0; j + 1 < features; ++j) {
      x = 0.6 * x + stream.normal() * (1.0 + static_cast<double>(j));
      split.numbers.push_back(x + 3.0);
    }
    split.numbers.push_back(0.25);
  }
  return split;
}

std::vector<double> covariance_of(const RawSplit& train, const Preprocess& preprocess) {
  const auto d = static_cast<std::size_t>(train.shape.features());
  std::vector<double> rows = train.numbers;
  preprocess.apply(rows);
  std::vector<double> sum(d * d, 0.0);
  const auto n = static_cast<double>(rows.size() / d);
  for (std::size_t at = 0; at < rows.size(); at += d) {
    for (std::size_t k = 0; k < d * d; ++k) sum[k] += rows[at + k / d] * rows[at + k % d] / n;
  }
  return sum;
}

TEST_F(PreprocessTest, ZcaOfTwoKnownFeatures) {
  // Rows ±(2, 2), ±(1, −1): mean 0, C = ½ [[5, 3], [3, 5]], eigenvalues 4 along (1, 1)/√2 and 1
  // along (1, −1)/√2. With ε → 0, W = ½ [[1.5, −.5], [−.5, 1.5]].
  const auto alone = Communicator::duplicate(MPI_COMM_SELF);
  RawSplit train;
  train.shape = {1, 1, 2};
  train.labels.assign(4, 0);
  train.held = {0, 4};
  train.numbers = {2, 2, -2, -2, 1, -1, -1, 1};
  const double tiny = 1e-15;
  const Preprocess exact({"zca"}, train, alone, tiny);
  expect_near(applied(exact, {1, 0}), {0.75, -0.25});
  expect_near(applied(exact, {0, 1}), {-0.25, 0.75});
  // ε = .4 adds .4 · (4 + 1)/2 = 1: factors 1/√5 and 1/√2.
  const Preprocess damped({"zca"}, train, alone, 0.4);
  const double a = 1 / std::sqrt(5.0);
  const double b = 1 / std::sqrt(2.0);
  expect_near(applied(damped, {1, 0}), {(a + b) / 2, (a - b) / 2});
}

TEST_F(PreprocessTest, ZcaMakesTheCovarianceTheIdentity) {
  const auto alone = Communicator::duplicate(MPI_COMM_SELF);
  constexpr std::size_t d = 7;
  const auto train = correlated(1100, d, alone);
  const Preprocess zca({"zca"}, train, alone, 1e-9);
  const auto c = covariance_of(train, zca);
  for (std::size_t i = 0; i < d; ++i) {
    for (std::size_t j = 0; j < d; ++j) {
      const bool constant = i == d - 1 || j == d - 1;
      EXPECT_NEAR(c[i * d + j], i == j && !constant ? 1.0 : 0.0, 1e-7) << i << " " << j;
    }
  }
  // Symmetric, unlike whitening along the principal axes: column j of W is its row j.
  for (std::size_t i = 0; i < d; ++i) {
    for (std::size_t j = 0; j < i; ++j) {
      std::vector<double> zero(d, 0.0);
      std::vector<double> at_i(d, 0.0);
      std::vector<double> at_j(d, 0.0);
      at_i[i] = 1.0;
      at_j[j] = 1.0;
      zca.apply(zero);
      zca.apply(at_i);
      zca.apply(at_j);
      EXPECT_NEAR(at_i[j] - zero[j], at_j[i] - zero[i], 1e-12);
    }
  }
}

TEST_F(PreprocessTest, ZcaHasTheSameBitsOnOneRank) {
  const auto alone = Communicator::duplicate(MPI_COMM_SELF);
  const std::vector<std::string> steps{"standardize", "zca", "scale01", "zca"};
  for (const std::int64_t n : {5, 1100}) {
    // More features than one band of the covariance.
    const Preprocess spread_out(steps, correlated(n, 130, comm_), comm_);
    const Preprocess by_one(steps, correlated(n, 130, alone), alone);
    std::vector<double> row(130);
    for (std::size_t j = 0; j < row.size(); ++j) row[j] = std::sin(static_cast<double>(j));
    EXPECT_EQ(applied(spread_out, row), applied(by_one, row)) << n;
  }
}

TEST_F(PreprocessTest, ZcaOfAConstantSetOnlyCentres) {
  const auto train = spread({{51, 102}, {51, 102}, {51, 102}}, comm_);
  expect_near(applied(Preprocess({"zca"}, train, comm_), {1.2, 0.4}), {1.0, 0.0});
}

TEST_F(PreprocessTest, ManyRowsAreAsOneAfterAnother) {
  const auto train = correlated(200, 3, comm_);
  const Preprocess preprocess({"center", "unit_norm", "zca", "standardize"}, train, comm_);
  std::vector<double> rows;
  for (int i = 0; i < 300; ++i) rows.push_back(std::cos(static_cast<double>(i * i)));
  std::vector<double> together = rows;
  preprocess.apply(together);
  for (std::size_t at = 0; at < rows.size(); at += 3) {
    expect_near(applied(preprocess, {rows[at], rows[at + 1], rows[at + 2]}),
                {together[at], together[at + 1], together[at + 2]});
  }
}

TEST_F(PreprocessTest, RefusesAnUnknownStep) {
  const auto train = spread({{1, 2}}, comm_);
  EXPECT_THROW(Preprocess({"whiten"}, train, comm_), ConfigurationError);
}

}  // namespace
}  // namespace thalweg
