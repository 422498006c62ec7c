#include "optimizers/box/box_ascent.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

namespace thalweg {
namespace {

const std::vector<double> kLower{-1, -2, -1};
const std::vector<double> kUpper{1, 2, 3};

TEST(BoxAscent, ReachesTheBestVertexOfALinearFunctionInOneStep) {
  const auto linear = [](std::span<const double> x, std::span<double> g) {
    g[0] = 1e-9;
    g[1] = -5.0;
    g[2] = 0.0;
    return 1e-9 * x[0] - 5.0 * x[1];
  };
  const auto result = maximise_in_box(linear, std::vector<double>{0, 0, 0.5}, kLower, kUpper, {});
  EXPECT_EQ(result.exit, "stationary");
  EXPECT_EQ(result.x, (std::vector<double>{1, -2, 0.5}));
  EXPECT_EQ(result.iterations, 1);
  EXPECT_EQ(result.gap, 0.0);
}

// Concave: one maximum, at (0.3, −2, 0.1), the second coordinate at its bound; the gap bounds what
// is still to be gained.
TEST(BoxAscent, FindsAnInteriorMaximum) {
  const auto dome = [](std::span<const double> x, std::span<double> g) {
    const std::vector<double> centre{0.3, -4.0, 0.1};
    const std::vector<double> bend{1.0, 2.0, 5.0};
    double value = 0.0;
    for (std::size_t i = 0; i < 3; ++i) {
      g[i] = -bend[i] * (x[i] - centre[i]);
      value += 0.5 * g[i] * (x[i] - centre[i]);
    }
    return value;
  };
  BoxAscentOptions options;
  options.max_iterations = 500;
  options.tolerance = 1e-8;
  options.base = -100.0;
  const auto result = maximise_in_box(dome, std::vector<double>{-1, 2, 3}, kLower, kUpper, options);
  EXPECT_EQ(result.exit, "stationary");
  EXPECT_NEAR(result.value, -4.0, result.gap + 1e-15);
  EXPECT_NEAR(result.x[0], 0.3, 1e-2);
  EXPECT_EQ(result.x[1], -2.0);
  EXPECT_NEAR(result.x[2], 0.1, 1e-2);
}

TEST(BoxAscent, SaysWhyItStopped) {
  const auto broken = [](std::span<const double>, std::span<double>) {
    return std::numeric_limits<double>::infinity();
  };
  const std::vector<double> start{0, 0, 0};
  EXPECT_EQ(maximise_in_box(broken, start, kLower, kUpper, {}).exit, "not finite");
  // Rises towards a wall beyond which nothing is finite: shorter and shorter arcs, no further.
  const auto wall = [](std::span<const double> x, std::span<double> g) {
    g[0] = 1.0;
    g[1] = g[2] = 0.0;
    return x[0] <= 0.5 ? x[0] : std::nan("");
  };
  const auto stopped = maximise_in_box(wall, start, kLower, kUpper, {});
  EXPECT_GT(stopped.value, 0.49);
  EXPECT_EQ(stopped.exit, "no rise");
  EXPECT_GT(stopped.gap, 0.4);
  BoxAscentOptions none;
  none.max_iterations = 0;
  EXPECT_EQ(maximise_in_box(wall, start, kLower, kUpper, none).exit, "iterations");
}

}  // namespace
}  // namespace thalweg
