#include "kernels/gradient_flow_prediction.hpp"

#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <limits>
#include <vector>

#include "base/error.hpp"

namespace thalweg {
namespace {

constexpr double kForever = std::numeric_limits<double>::infinity();

/// K = [[2, 1], [1, 3]] with a test point k = (.5, 1.5), y = (1, −1), f0 = 0, n = 2.
struct TwoSamples {
  std::array<double, 2> eigenvalues{(5.0 - std::sqrt(5.0)) / 2.0, (5.0 + std::sqrt(5.0)) / 2.0};
  std::array<std::array<double, 2>, 2> vectors{};  // vectors[i] belongs to eigenvalues[i]

  TwoSamples() {
    for (std::size_t i = 0; i < 2; ++i) {
      const double other = eigenvalues[i] - 2.0;
      const double norm = std::hypot(1.0, other);
      vectors[i] = {1.0 / norm, other / norm};
    }
  }

  /// Train outputs, then the test output.
  [[nodiscard]] std::array<double, 3> predicted(const LinearTraining& training, double t,
                                                double ridge = 0.0) const {
    std::vector<double> projections;
    std::vector<double> shifted;
    for (std::size_t i = 0; i < 2; ++i) {
      projections.push_back(vectors[i][0] - vectors[i][1]);
      shifted.push_back(eigenvalues[i] + ridge);
    }
    const auto c = filtered(training, shifted, projections, 1, t);
    std::array<double, 2> alpha{};
    for (std::size_t i = 0; i < 2; ++i) {
      for (std::size_t j = 0; j < 2; ++j) alpha[j] += vectors[i][j] * c[i];
    }
    return {2.0 * alpha[0] + alpha[1], alpha[0] + 3.0 * alpha[1], .5 * alpha[0] + 1.5 * alpha[1]};
  }
};

TEST(LinearTraining, TwoSamplesComputedByHand) {
  const TwoSamples problem;
  const LinearTraining flow{1.0, 2, TrainingRule::flow};
  const auto at_one = problem.predicted(flow, 1.0);
  EXPECT_NEAR(at_one[0], .4413044592772929, 1e-15);
  EXPECT_NEAR(at_one[1], -.5921353704054182, 1e-15);
  EXPECT_NEAR(at_one[2], -.2960676852027091, 1e-15);
  EXPECT_NEAR(problem.predicted(flow, kForever)[2], -.5, 1e-15);
  EXPECT_NEAR(problem.predicted(flow, kForever, .25)[2], -.43564356435643564, 1e-15);
  EXPECT_NEAR(problem.predicted(flow, kForever, .1)[2], -.471869328493648, 1e-15);
  EXPECT_NEAR(largest_stable_rate(problem.eigenvalues[1], 2), 1.105572809000084, 1e-15);
  EXPECT_NEAR(largest_stable_rate(problem.eigenvalues[1], 2, .9), 1.9 * 1.105572809000084, 4e-15);
  EXPECT_EQ(largest_stable_rate(0.0, 2), kForever);
}

TEST(LinearTraining, DescentIsTheIteration) {
  const TwoSamples problem;
  for (const double rate : {.3, 1.0, 2.0 / 3.0}) {
    const LinearTraining descent{rate, 2, TrainingRule::descent};
    std::array<double, 2> f{};
    double test = 0.0;
    for (int step = 0; step <= 30; ++step) {
      const auto predicted = problem.predicted(descent, step);
      EXPECT_NEAR(predicted[0], f[0], 2e-14) << step;
      EXPECT_NEAR(predicted[1], f[1], 2e-14) << step;
      EXPECT_NEAR(predicted[2], test, 2e-14) << step;
      const std::array<double, 2> gap{f[0] - 1.0, f[1] + 1.0};
      f[0] -= rate / 2.0 * (2.0 * gap[0] + gap[1]);
      f[1] -= rate / 2.0 * (gap[0] + 3.0 * gap[1]);
      test -= rate / 2.0 * (.5 * gap[0] + 1.5 * gap[1]);
    }
  }
}

TEST(LinearTraining, SmallStepsOfDescentAreFlow) {
  const LinearTraining flow{1.0, 4, TrainingRule::flow};
  double earlier = 0.0;
  for (const double steps : {100.0, 1000.0, 10000.0}) {
    const LinearTraining descent{1.0 / steps, 4, TrainingRule::descent};
    const double gap = std::abs(gap_filter(descent, 3.0, 2.0 * steps) - gap_filter(flow, 3.0, 2.0));
    if (earlier > 0.0) {
      EXPECT_NEAR(earlier / gap, 10.0, .2);
    }
    earlier = gap;
  }
}

TEST(LinearTraining, LimitAtEigenvalueZero) {
  for (const auto rule : {TrainingRule::flow, TrainingRule::descent}) {
    const LinearTraining training{.5, 10, rule};
    EXPECT_EQ(gap_filter(training, 0.0, 8.0), .4);
    EXPECT_EQ(gap_filter(training, 3.0, 0.0), 0.0);
    EXPECT_EQ(gap_left(training, 3.0, 0.0), 1.0);
    EXPECT_EQ(gap_left(training, 0.0, 8.0), 1.0);
    // The filter is t(1 − x t/2 + …): smooth through λ = 0, from either side and down to the
    // smallest numbers.
    for (const double lambda : {1e-6, 1e-9, 1e-13, 1e-100, 1e-290, 1e-308, 5e-324}) {
      const double slope = .4 * .05 * (rule == TrainingRule::flow ? 4.0 : 3.5) * lambda;
      EXPECT_NEAR(gap_filter(training, lambda, 8.0), .4 - slope, 1e-13);
      EXPECT_NEAR(gap_filter(training, -lambda, 8.0), .4 + slope, 1e-13);
    }
    LinearTraining rounded = training;
    rounded.null_eigenvalue = 1e-12;
    EXPECT_EQ(gap_filter(rounded, -1e-12, 8.0), .4);
    EXPECT_EQ(gap_filter(rounded, 1e-12, kForever), 0.0);
    EXPECT_EQ(gap_left(rounded, 1e-12, kForever), 1.0);
    EXPECT_EQ(gap_filter(rounded, 2.0, kForever), .5);
    EXPECT_EQ(gap_left(rounded, 2.0, kForever), 0.0);
  }
}

TEST(LinearTraining, DescentBeyondTheStableRateGrows) {
  const LinearTraining training{1.0, 1, TrainingRule::descent};
  EXPECT_DOUBLE_EQ(gap_left(training, 3.0, 5.0), -32.0);
  EXPECT_DOUBLE_EQ(gap_left(training, 3.0, 4.0), 16.0);
  EXPECT_DOUBLE_EQ(gap_filter(training, 3.0, 5.0), 11.0);
  EXPECT_EQ(gap_left(training, 1.0, 3.0), 0.0);
  EXPECT_NEAR(gap_left(training, 1.0009765625, 5.0), -std::ldexp(1.0, -50), 1e-28);
  EXPECT_EQ(gap_left(training, 2.0, 3.0), -1.0);
}

TEST(LinearTraining, RefusesTimesWithoutMeaning) {
  const LinearTraining flow{1.0, 1, TrainingRule::flow};
  const LinearTraining descent{1.0, 1, TrainingRule::descent};
  EXPECT_THROW(gap_left(flow, 1.0, -1.0), Error);
  EXPECT_THROW(gap_filter(flow, 1.0, std::nan("")), Error);
  EXPECT_THROW(gap_filter(descent, 1.0, .5), Error);
  EXPECT_THROW(gap_filter(descent, 2.0, kForever), Error);
  EXPECT_THROW(gap_left(flow, -1.0, kForever), Error);
  EXPECT_THROW(filtered(flow, std::array{1.0, 2.0}, std::array{1.0}, 1, 1.0), Error);
}

}  // namespace
}  // namespace thalweg
