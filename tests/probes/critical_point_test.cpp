#include "probes/critical_point.hpp"

#include <gtest/gtest.h>

#include <cmath>

#include "objectives/analytic/analytic.hpp"
#include "support/bits.hpp"

namespace thalweg {
namespace {

using testing::scalar;

// ½(ab − 1)² at the origin: g = 0, H = [[0, −1], [−1, 0]].
TEST(CriticalPoint, ASaddleHasNoGradientAndANegativeEigenvalue) {
  const auto world = Communicator::duplicate(MPI_COMM_WORLD);
  AnalyticObjective pair(world, 2, scalar_chain());
  const auto found = CriticalPoint({}).measure(pair, std::vector<double>{0, 0}, {});
  EXPECT_EQ(scalar(found, "gradient_norm"), 0.0);
  EXPECT_TRUE(std::isnan(scalar(found, "gradient_curvature")));
  EXPECT_NEAR(scalar(found, "lambda_min"), -1.0, 1e-13);
  EXPECT_NEAR(scalar(found, "lambda_max"), 1.0, 1e-13);
  EXPECT_LT(scalar(found, "lambda_min_residual"), 1e-12);
  EXPECT_EQ(scalar(found, "index_at_least"), 1.0);
  EXPECT_EQ(scalar(found, "value_at_point"), 0.5);
}

// x + y² − z²: at the origin Hg = 0 although g is not, a gradient-flat point.
TEST(CriticalPoint, AGradientFlatPointIsToldFromACriticalOne) {
  const auto world = Communicator::duplicate(MPI_COMM_WORLD);
  AnalyticObjective flat(world, 3, quadratic({0, 0, 0, 0, 2, 0, 0, 0, -2}, {0, 0, 0}, {1, 0, 0}));
  const auto found = CriticalPoint({}).measure(flat, std::vector<double>{0, 0, 0}, {});
  EXPECT_EQ(scalar(found, "gradient_norm"), 1.0);
  EXPECT_EQ(scalar(found, "gradient_curvature"), 0.0);
  EXPECT_EQ(scalar(found, "gradient_flatness"), 0.0);
  EXPECT_EQ(scalar(found, "index_at_least"), 1.0);
}

// H = diag(4, −9, −1) at (1, 1, 1): g = (4, −9, −1), Hg = (16, 81, 1).
TEST(CriticalPoint, ElsewhereTheRatiosAreTheirFormulas) {
  const auto world = Communicator::duplicate(MPI_COMM_WORLD);
  AnalyticObjective saddle(world, 3, quadratic({4, 0, 0, 0, -9, 0, 0, 0, -1}, {0, 0, 0}));
  const auto found = CriticalPoint({}).measure(saddle, std::vector<double>{1, 1, 1}, {});
  const double ratio = std::sqrt((256.0 + 6561.0 + 1.0) / 98.0);
  EXPECT_NEAR(scalar(found, "gradient_norm"), std::sqrt(98.0), 1e-13);
  EXPECT_NEAR(scalar(found, "gradient_curvature"), ratio, 1e-13);
  EXPECT_NEAR(scalar(found, "gradient_flatness"), ratio / 9.0, 1e-12);
  EXPECT_EQ(scalar(found, "index_at_least"), 2.0);
  EXPECT_EQ(scalar(found, "products"), 6.0);
}

TEST(CriticalPoint, OfANetHasTheSameBitsOnAnyNumberOfRanks) {
  LanczosOptions options;
  options.max_iterations = 8;
  testing::expect_the_bits_of_one_rank([options] { return CriticalPoint(options); });
}

}  // namespace
}  // namespace thalweg
