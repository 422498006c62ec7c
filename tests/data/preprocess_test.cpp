#include "data/preprocess.hpp"

#include <gtest/gtest.h>

#include <cmath>

#include "base/error.hpp"
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

TEST_F(PreprocessTest, RefusesAnUnknownStep) {
  const auto train = spread({{1, 2}}, comm_);
  EXPECT_THROW(Preprocess({"whiten"}, train, comm_), ConfigurationError);
}

}  // namespace
}  // namespace thalweg
