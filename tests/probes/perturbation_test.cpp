#include "probes/perturbation.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "objectives/analytic/analytic.hpp"
#include "support/bits.hpp"

namespace thalweg {
namespace {

using testing::detail;
using testing::scalar;

PerturbationOptions ascent(double radius, std::int64_t steps, bool adaptive = false) {
  PerturbationOptions options;
  options.radius = radius;
  options.steps = steps;
  options.adaptive = adaptive;
  options.draws = 0;
  return options;
}

PerturbationOptions gaussian(double sigma, std::int64_t draws, bool adaptive = false) {
  PerturbationOptions options;
  options.sigma = sigma;
  options.draws = draws;
  options.adaptive = adaptive;
  options.seed = 4;
  return options;
}

const std::vector<double> kBowl{1, 0, 0, 9};
const std::vector<double> kAt{3.0, 1.0 / 3.0};  // gradient (3, 3)

// ε̂ = .05 (1, 1)/√2: the rise is g·ε̂ + ½ ε̂ᵀHε̂.
TEST(Perturbation, OneStepIsSams) {
  const auto world = Communicator::duplicate(MPI_COMM_WORLD);
  AnalyticObjective bowl(world, 2, quadratic(kBowl, {0, 0}));
  const auto found = Perturbation(ascent(0.05, 1)).measure(bowl, kAt, {});
  EXPECT_NEAR(scalar(found, "sam_rise"), 0.05 * std::sqrt(18.0) + 5.0 * 0.00125, 1e-13);
  EXPECT_EQ(scalar(found, "worst_rise"), scalar(found, "sam_rise"));
  EXPECT_NEAR(scalar(found, "gradient_norm"), std::sqrt(18.0), 1e-14);
  EXPECT_NEAR(scalar(found, "value_at_point"), 5.0, 1e-14);
  EXPECT_FALSE(testing::has_scalar(found, "average_rise"));
}

// ε̂ = ρ w² g/‖|w| g‖ = .05 (27, ⅓)/√82.
TEST(Perturbation, OneAdaptiveStepIsAsams) {
  const auto world = Communicator::duplicate(MPI_COMM_WORLD);
  AnalyticObjective bowl(world, 2, quadratic(kBowl, {0, 0}));
  const auto found = Perturbation(ascent(0.05, 1, true)).measure(bowl, kAt, {});
  const double a = 0.05 * 27.0 / std::sqrt(82.0);
  const double b = 0.05 / 3.0 / std::sqrt(82.0);
  EXPECT_NEAR(scalar(found, "sam_rise"), 3.0 * (a + b) + 0.5 * (a * a + 9.0 * b * b), 1e-13);
  EXPECT_NEAR(scalar(found, "gradient_norm"), std::sqrt(82.0), 1e-13);
}

// A convex loss is highest on the rim: against a fine scan of it. Never above, and steps approach.
TEST(Perturbation, MoreStepsApproachTheMaximumFromBelow) {
  const auto world = Communicator::duplicate(MPI_COMM_WORLD);
  AnalyticObjective bowl(world, 2, quadratic(kBowl, {0, 0}));
  const double radius = 0.5;
  double highest = 0.0;
  for (int k = 0; k < 100000; ++k) {
    const double angle = 2.0 * M_PI * k / 100000.0;
    const std::vector<double> w{kAt[0] + radius * std::cos(angle),
                                kAt[1] + radius * std::sin(angle)};
    highest = std::max(highest, bowl.value(w, {}) - 5.0);
  }
  const auto found = Perturbation(ascent(radius, 30)).measure(bowl, kAt, {});
  EXPECT_NEAR(scalar(found, "worst_rise"), highest, 1e-6);
  EXPECT_LT(scalar(found, "sam_rise"), highest - 0.1);
  const auto rises = detail<double>(found, "step_rise");
  ASSERT_EQ(rises.size(), 30U);
  for (std::size_t k = 1; k < rises.size(); ++k) EXPECT_GE(rises[k], rises[k - 1] - 1e-12);
}

// At a critical point there is no way up to follow, which the gradient's norm says.
TEST(Perturbation, AtAMinimumTheAscentStays) {
  const auto world = Communicator::duplicate(MPI_COMM_WORLD);
  AnalyticObjective bowl(world, 2, quadratic(kBowl, {1, 2}));
  const auto found = Perturbation(ascent(0.05, 3)).measure(bowl, std::vector<double>{1, 2}, {});
  EXPECT_EQ(scalar(found, "worst_rise"), 0.0);
  EXPECT_EQ(scalar(found, "gradient_norm"), 0.0);
}

// ½σ² tr H, and ½σ² Σ H_ii w_i² where scaled, wherever the point is: pairs leave no linear term. On
// a linear function nothing is left at all.
TEST(Perturbation, OnAverageAQuadraticRisesByItsTrace) {
  const auto world = Communicator::duplicate(MPI_COMM_WORLD);
  AnalyticObjective bowl(world, 3, quadratic({2, 1, 0, 1, 3, 0, 0, 0, 10}, {0, 0, 0}));
  const std::vector<double> x{1, -2, 0.5};
  const auto found = Perturbation(gaussian(0.1, 400)).measure(bowl, x, {});
  const double error = scalar(found, "average_rise_error");
  EXPECT_NEAR(scalar(found, "average_rise"), 0.5 * 0.01 * 15.0, 3.0 * error);
  // Var ½σ² ξᵀHξ = ½σ⁴ ‖H‖_F².
  EXPECT_NEAR(error, 0.01 * std::sqrt(0.5 * 115.0 / 400.0), 0.2 * error);
  const auto scaled = Perturbation(gaussian(0.1, 400, true)).measure(bowl, x, {});
  EXPECT_NEAR(scalar(scaled, "average_rise"), 0.5 * 0.01 * (2.0 + 12.0 + 2.5),
              3.0 * scalar(scaled, "average_rise_error"));

  AnalyticObjective slope(world, 2, quadratic({0, 0, 0, 0}, {0, 0}, {3, -4}));
  const auto level = Perturbation(gaussian(0.1, 5)).measure(slope, std::vector<double>{1, 2}, {});
  EXPECT_NEAR(scalar(level, "average_rise"), 0.0, 1e-15);
  EXPECT_NEAR(scalar(level, "average_rise_error"), 0.0, 1e-15);
}

TEST(Perturbation, OfANetHasTheSameBitsOnAnyNumberOfRanks) {
  for (const bool adaptive : {false, true}) {
    testing::expect_the_bits_of_one_rank([adaptive] {
      PerturbationOptions options;
      options.steps = 3;
      options.draws = 3;
      options.adaptive = adaptive;
      return Perturbation(options);
    });
  }
}

}  // namespace
}  // namespace thalweg
