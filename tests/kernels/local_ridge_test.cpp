#include "kernels/local_ridge.hpp"

#include <gtest/gtest.h>

#include <array>
#include <cmath>

#include "base/error.hpp"
#include "base/philox.hpp"

namespace thalweg {
namespace {

TEST(LocalRidge, TwoSamplesByHand) {
  // K = [[2, 1], [1, 3]], k = (.5, 1.5), y = (1, -1).
  const LocalRidge ridge({2, 1, 1, 3}, {1, -1}, 1);
  EXPECT_NEAR(ridge.trace(), 5.0, 1e-14);
  for (const auto& [lambda, expected] :
       {std::pair{.25, -.43564356435643564}, {.1, -.471869328493648}, {0.0, -.5}}) {
    const auto alpha = ridge.solution(lambda);
    EXPECT_NEAR(.5 * alpha[0] + 1.5 * alpha[1], expected, 1e-14);
  }
}

struct Problem {
  std::int64_t n = 23;
  std::int64_t outputs = 3;
  std::vector<double> gram;
  std::vector<double> targets;
};

/// Gram of random features, full rank, with labels.
Problem random_problem() {
  Problem problem;
  const std::int64_t n = problem.n;
  Stream stream(5, Purpose::test, 0);
  std::vector<double> features(static_cast<std::size_t>(n * 40));
  for (double& x : features) x = stream.normal();
  for (std::int64_t j = 0; j < n; ++j) {
    for (std::int64_t i = 0; i < n; ++i) {
      double sum = 0.0;
      for (std::int64_t k = 0; k < 40; ++k) {
        sum += features[static_cast<std::size_t>(i * 40 + k)] *
               features[static_cast<std::size_t>(j * 40 + k)];
      }
      problem.gram.push_back(sum);
    }
  }
  std::vector<std::int32_t> labels;
  for (std::int64_t i = 0; i < n; ++i) labels.push_back(static_cast<std::int32_t>(i * i % 3));
  problem.targets = centred_one_hot(labels, 3);
  return problem;
}

TEST(LocalRidge, LeaveOneOutIsLeavingOneOut) {
  const Problem problem = random_problem();
  const std::int64_t n = problem.n;
  const LocalRidge ridge(problem.gram, problem.targets, problem.outputs);
  for (const double lambda : {1e-3, 1.0, 50.0}) {
    double error = 0.0;
    double right = 0.0;
    for (std::int64_t out = 0; out < n; ++out) {
      std::vector<double> gram;
      std::vector<double> targets;
      for (std::int64_t j = 0; j < n; ++j) {
        for (std::int64_t i = 0; i < n; ++i) {
          if (i != out && j != out)
            gram.push_back(problem.gram[static_cast<std::size_t>(i + j * n)]);
        }
      }
      for (std::int64_t c = 0; c < 3; ++c) {
        for (std::int64_t i = 0; i < n; ++i) {
          if (i != out) targets.push_back(problem.targets[static_cast<std::size_t>(i + c * n)]);
        }
      }
      const auto alpha = LocalRidge(gram, targets, 3).solution(lambda);
      std::array<double, 3> f{};
      for (std::int64_t c = 0; c < 3; ++c) {
        std::int64_t at = 0;
        for (std::int64_t i = 0; i < n; ++i) {
          if (i == out) continue;
          f[static_cast<std::size_t>(c)] += problem.gram[static_cast<std::size_t>(i + out * n)] *
                                            alpha[static_cast<std::size_t>(at + c * (n - 1))];
          ++at;
        }
        const double y = problem.targets[static_cast<std::size_t>(out + c * n)];
        error += 0.5 * std::pow(f[static_cast<std::size_t>(c)] - y, 2);
      }
      right += largest_output(f.data(), 3, 1) == largest_output(problem.targets.data() + out, 3, n)
                   ? 1.0
                   : 0.0;
    }
    const auto score = ridge.leave_one_out(lambda);
    EXPECT_NEAR(score.error, error / static_cast<double>(n), 1e-10);
    EXPECT_NEAR(score.accuracy, right / static_cast<double>(n), 1e-14);
  }
}

TEST(LocalRidge, RefusesASingularMatrixByItsLeastEigenvalue) {
  // Two equal samples.
  const LocalRidge ridge({1, 1, 1, 1}, {1, -1}, 1);
  EXPECT_FALSE(ridge.is_positive(0.0));
  EXPECT_TRUE(ridge.is_positive(1e-6));
  EXPECT_THROW(static_cast<void>(ridge.solution(0.0)), Error);
  EXPECT_NEAR(ridge.solution(1e-3)[0], 1e3, 1e-6);
  EXPECT_THROW(LocalRidge({1, 2}, {1, 2}, 1), Error);
}

TEST(CentredOneHot, IsOneMinusItsShare) {
  const std::vector<std::int32_t> labels{1, 0};
  EXPECT_EQ(centred_one_hot(labels, 2), (std::vector<double>{-.5, .5, .5, -.5}));
}

}  // namespace
}  // namespace thalweg
