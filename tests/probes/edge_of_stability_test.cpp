#include "probes/edge_of_stability.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "objectives/analytic/analytic.hpp"
#include "support/measured.hpp"
#include "support/tiny_problem.hpp"

namespace thalweg {
namespace {

using testing::has_scalar;
using testing::scalar;

std::vector<double> slice_of(const VectorSpace& space, const std::vector<double>& whole) {
  const auto mine = space.slice_of(std::span<const double>(whole));
  return {mine.begin(), mine.end()};
}

AnalyticObjective bowl(const Communicator& team) {
  return {team, 2, quadratic({2, 1, 1, 3}, {0, 0})};
}

TEST(EdgeOfStability, OfAQuadraticStandsBesideItsThreshold) {
  const auto world = Communicator::duplicate(MPI_COMM_WORLD);
  auto objective = bowl(world);
  EdgeOfStability probe({});
  probe.observe({0.5, 2.0 / 0.5, {}});
  const auto found = probe.measure(objective, std::vector<double>{1, 2}, {});
  const double largest = 0.5 * (5.0 + std::sqrt(5.0));
  EXPECT_NEAR(scalar(found, "lambda_max"), largest, 1e-12);
  EXPECT_LT(scalar(found, "lambda_max_residual"), 1e-12);
  EXPECT_EQ(scalar(found, "threshold"), 4.0);
  EXPECT_NEAR(scalar(found, "ratio"), largest / 4.0, 1e-12);
  EXPECT_EQ(scalar(found, "learning_rate"), 0.5);
  EXPECT_EQ(scalar(found, "preconditioned"), 0.0);
  EXPECT_EQ(scalar(found, "converged"), 1.0);
  // Gradient descent just below the threshold contracts and just above it does not.
  for (const double ratio : {0.99, 1.01}) {
    const double rate = 2.0 * ratio / largest;
    std::vector<double> x{1.0, 2.0};
    for (int step = 0; step < 2000; ++step) {
      x = {x[0] - rate * (2 * x[0] + x[1]), x[1] - rate * (x[0] + 3 * x[1])};
    }
    EXPECT_EQ(std::hypot(x[0], x[1]) < 1.0, ratio < 1.0);
  }
}

// P = diag(4, ½): det(H − λP) = (2 − 4λ)(3 − ½λ) − 1 = 2λ² − 13λ + 5.
TEST(EdgeOfStability, OfAPreconditionedQuadraticIsTheGeneralisedEigenvalue) {
  const auto world = Communicator::duplicate(MPI_COMM_WORLD);
  auto objective = bowl(world);
  EdgeOfStability probe({});
  probe.observe({0.01, 3800.0, slice_of(objective.space(), {4.0, 0.5})});
  const auto found = probe.measure(objective, std::vector<double>{1, 2}, {});
  const double largest = (13.0 + std::sqrt(129.0)) / 4.0;
  EXPECT_NEAR(scalar(found, "lambda_max"), largest, 1e-12);
  EXPECT_LT(scalar(found, "lambda_max_residual"), 1e-12);
  EXPECT_NEAR(scalar(found, "ratio"), largest / 3800.0, 1e-15);
  EXPECT_EQ(scalar(found, "preconditioned"), 1.0);
}

// The smallest eigenvalue's size does not count, nor is it waited for.
TEST(EdgeOfStability, LooksForTheLargestAlone) {
  const auto world = Communicator::duplicate(MPI_COMM_WORLD);
  AnalyticObjective saddle(world, 3, quadratic({4, 0, 0, 0, -9, 0, 0, 0, 1}, {0, 0, 0}));
  const auto found = EdgeOfStability({}).measure(saddle, std::vector<double>{1, 1, 1}, {});
  EXPECT_NEAR(scalar(found, "lambda_max"), 4.0, 1e-12);
  EXPECT_EQ(scalar(found, "products"), 4.0);  // three steps and the residual
}

TEST(EdgeOfStability, HasAThresholdInAllRowsOrInNone) {
  const auto world = Communicator::duplicate(MPI_COMM_WORLD);
  auto objective = bowl(world);
  const std::vector<double> x{1, 2};
  EdgeOfStability without({});
  for (int row = 0; row < 2; ++row) {
    const auto found = without.measure(objective, x, {});
    EXPECT_FALSE(has_scalar(found, "threshold"));
    EXPECT_FALSE(has_scalar(found, "ratio"));
    without.observe({0.1, std::nullopt, {}});
  }
  without.observe({0.1, 20.0, {}});
  EXPECT_THROW(without.measure(objective, x, {}), Error);
  // The next run may have another optimiser.
  without.begin(objective, x, {});
  EXPECT_FALSE(has_scalar(without.measure(objective, x, {}), "threshold"));
  without.begin(objective, x, {});
  without.observe({0.1, 20.0, {}});
  EXPECT_EQ(scalar(without.measure(objective, x, {}), "threshold"), 20.0);
}

TEST(EdgeOfStability, RefusesAPreconditionerThatIsNone) {
  const auto world = Communicator::duplicate(MPI_COMM_WORLD);
  auto objective = bowl(world);
  const std::vector<double> x{1, 2};
  EdgeOfStability probe({});
  for (const double bad : {0.0, -1.0, std::numeric_limits<double>::quiet_NaN()}) {
    probe.observe({0.1, std::nullopt, slice_of(objective.space(), {1.0, bad})});
    EXPECT_THROW(probe.measure(objective, x, {}), Error);
  }
  probe.observe({0.1, std::nullopt, std::vector<double>(3, 1.0)});
  EXPECT_THROW(probe.measure(objective, x, {}), Error);
}

// On a net: P = c I divides λ_max by c, and the bits are those of one rank.
TEST(EdgeOfStability, OfANetHasTheSameBitsOnAnyNumberOfRanks) {
  const auto world = Communicator::duplicate(MPI_COMM_WORLD);
  const auto self = Communicator::duplicate(MPI_COMM_SELF);
  const auto measure = [](const Communicator& comm, double scale, double slope) {
    testing::TinyProblem<double> problem(comm, BatchNormKind::batch);
    const VectorSpace& space = problem.objective.space();
    std::vector<double> p(static_cast<std::size_t>(space.dimension()));
    for (std::size_t i = 0; i < p.size(); ++i) p[i] = scale + slope * static_cast<double>(i % 7);
    LanczosOptions options;
    options.tolerance = 1e-9;
    EdgeOfStability probe(options);
    probe.observe({0.1, 20.0, slice_of(space, p)});
    return probe.measure(problem.objective, problem.point, {});
  };
  EXPECT_EQ(testing::numbers(measure(world, 1.0, 0.5)), testing::numbers(measure(self, 1.0, 0.5)));
  const auto plain = measure(world, 1.0, 0.0);
  const auto scaled = measure(world, 4.0, 0.0);
  EXPECT_NEAR(scalar(scaled, "lambda_max") * 4.0, scalar(plain, "lambda_max"), 1e-7);
  EXPECT_EQ(scalar(plain, "converged"), 1.0);
}

}  // namespace
}  // namespace thalweg
