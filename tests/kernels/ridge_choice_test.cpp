#include "kernels/ridge_choice.hpp"

#include <gtest/gtest.h>

#include <cmath>

#include "base/error.hpp"

namespace thalweg {
namespace {

/// Gaussian kernel of points on a line, length scale 1, column-major.
std::vector<double> line_gram(const std::vector<double>& points) {
  std::vector<double> gram;
  for (const double x : points) {
    for (const double y : points) gram.push_back(std::exp(-(x - y) * (x - y) / 2));
  }
  return gram;
}

TEST(RidgeChoice, IsTheBestOfTheListByLeaveOneOut) {
  const std::vector<double> points{0, .3, .5, 1.1, 1.4, 2, 2.2, 2.9, 3.3, 4};
  const std::vector<std::int32_t> labels{0, 0, 1, 0, 0, 1, 1, 0, 1, 1};
  const std::vector<double> ridges{1e-6, 1e-3, 1e-2, .1, 1, 10};
  const LocalRidge regression(line_gram(points), centred_one_hot(labels, 2), 2);
  const auto by_accuracy =
      choose_ridge(line_gram(points), labels, 2, ridges, LeaveOneOutCriterion::accuracy);
  const auto by_error =
      choose_ridge(line_gram(points), labels, 2, ridges, LeaveOneOutCriterion::squared_error);
  bool found_accuracy = false;
  bool found_error = false;
  for (const double ridge : ridges) {
    const auto score = regression.leave_one_out(ridge);  // a Gaussian's mean diagonal is 1
    EXPECT_LE(score.accuracy, by_accuracy.left_out.accuracy + 1e-12);
    EXPECT_GE(score.error, by_error.left_out.error - 1e-9);
    if (ridge == by_accuracy.relative_ridge) {
      EXPECT_NEAR(score.accuracy, by_accuracy.left_out.accuracy, 1e-12);
      found_accuracy = true;
    }
    if (ridge != by_error.relative_ridge) continue;
    found_error = true;
    const auto alpha = regression.solution(ridge);
    for (std::size_t k = 0; k < alpha.size(); ++k) {
      EXPECT_NEAR(by_error.alpha[k], alpha[k], 1e-8 * std::abs(alpha[k]) + 1e-8);
    }
  }
  EXPECT_TRUE(found_accuracy);
  EXPECT_TRUE(found_error);
  EXPECT_NEAR(by_error.lambda_min, regression.eigenvalues().front(), 1e-12);
}

TEST(RidgeChoice, TiesGoToTheLessSquaredErrorThenToTheFirst) {
  RidgeChoice a;
  RidgeChoice b;
  a.left_out = {.5, .8};
  b.left_out = {.4, .8};
  EXPECT_TRUE(b.better_than(a, LeaveOneOutCriterion::accuracy));
  EXPECT_FALSE(a.better_than(b, LeaveOneOutCriterion::accuracy));
  EXPECT_FALSE(a.better_than(a, LeaveOneOutCriterion::accuracy));
  a.left_out.accuracy = .9;
  EXPECT_TRUE(a.better_than(b, LeaveOneOutCriterion::accuracy));
  EXPECT_FALSE(a.better_than(b, LeaveOneOutCriterion::squared_error));
}

TEST(RidgeChoice, ASingularMatrixTakesTheRidgesThatMakeItPositive) {
  const std::vector<double> ones(16, 1.0);  // rank 1
  const std::vector<std::int32_t> labels{0, 1, 0, 1};
  const std::vector<double> ridges{1e-17, .5};
  const auto choice = choose_ridge(ones, labels, 2, ridges, LeaveOneOutCriterion::accuracy);
  EXPECT_EQ(choice.relative_ridge, .5);
  const std::vector<double> tiny{1e-17};
  EXPECT_THROW(choose_ridge(ones, labels, 2, tiny, LeaveOneOutCriterion::accuracy), Error);
  EXPECT_THROW(
      choose_ridge(std::vector<double>(16, 0.0), labels, 2, ridges, LeaveOneOutCriterion::accuracy),
      Error);
}

}  // namespace
}  // namespace thalweg
