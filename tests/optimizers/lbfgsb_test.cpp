#include "optimizers/box/lbfgsb.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

namespace thalweg {
namespace {

double rosenbrock(std::span<const double> x, std::span<double> g) {
  const double a = 1.0 - x[0];
  const double b = x[1] - x[0] * x[0];
  g[0] = -2.0 * a - 400.0 * x[0] * b;
  g[1] = 200.0 * b;
  return a * a + 100.0 * b * b;
}

LbfgsbOptions thorough() {
  LbfgsbOptions options;
  options.max_iterations = 200;
  options.gradient_tolerance = 1e-9;
  return options;
}

TEST(Lbfgsb, FindsTheFreeMinimum) {
  const auto result =
      minimise_in_box(rosenbrock, std::vector<double>{-1.2, 1.0}, std::vector<double>{-5, -5},
                      std::vector<double>{5, 5}, thorough());
  EXPECT_EQ(result.exit, "projected gradient");
  EXPECT_NEAR(result.x[0], 1.0, 1e-7);
  EXPECT_NEAR(result.x[1], 1.0, 1e-7);
  EXPECT_LT(result.iterations, 60);
}

// With x ≤ 0.5 the minimum lies at (0.5, 0.25), value 0.25.
TEST(Lbfgsb, StopsAtActiveBounds) {
  const auto result =
      minimise_in_box(rosenbrock, std::vector<double>{-1.2, 1.0}, std::vector<double>{-5, -5},
                      std::vector<double>{0.5, 5}, thorough());
  EXPECT_NEAR(result.x[0], 0.5, 1e-12);
  EXPECT_NEAR(result.x[1], 0.25, 1e-8);
  EXPECT_NEAR(result.value, 0.25, 1e-12);
}

// A convex quadratic with many active bounds: the KKT conditions certify the answer.
TEST(Lbfgsb, SatisfiesTheOptimalityConditions) {
  constexpr std::size_t n = 30;
  const auto function = [](std::span<const double> x, std::span<double> g) {
    double value = 0.0;
    for (std::size_t i = 0; i < n; ++i) {
      const double scale = 1.0 + static_cast<double>(i);
      const double right = i + 1 < n ? x[i + 1] : 0.0;
      const double left = i > 0 ? x[i - 1] : 0.0;
      const double target = std::sin(3.0 * static_cast<double>(i));
      g[i] = scale * x[i] - 0.4 * (left + right) - 2.0 * target;
      value += 0.5 * scale * x[i] * x[i] - 0.4 * x[i] * right - 2.0 * target * x[i];
    }
    return value;
  };
  const std::vector<double> lower(n, -0.2);
  const std::vector<double> upper(n, 0.1);
  const auto result =
      minimise_in_box(function, std::vector<double>(n, 0.0), lower, upper, thorough());
  std::vector<double> g(n);
  function(result.x, g);
  int active = 0;
  for (std::size_t i = 0; i < n; ++i) {
    if (result.x[i] == lower[i]) {
      EXPECT_GE(g[i], -1e-8);
      ++active;
    } else if (result.x[i] == upper[i]) {
      EXPECT_LE(g[i], 1e-8);
      ++active;
    } else {
      EXPECT_NEAR(g[i], 0.0, 1e-7);
    }
  }
  EXPECT_GT(active, 3);
  EXPECT_LT(active, 30);
}

TEST(Lbfgsb, SaysWhyItStopped) {
  LbfgsbOptions few;
  few.max_iterations = 2;
  const std::vector<double> lower{-5, -5};
  const std::vector<double> upper{5, 5};
  EXPECT_EQ(minimise_in_box(rosenbrock, std::vector<double>{-1.2, 1.0}, lower, upper, few).exit,
            "iterations");
  const auto broken = [](std::span<const double>, std::span<double>) {
    return std::numeric_limits<double>::quiet_NaN();
  };
  EXPECT_EQ(minimise_in_box(broken, lower, lower, upper, few).exit, "not finite");
  // A gradient that points the wrong way leaves no step to take.
  const auto liar = [](std::span<const double> x, std::span<double> g) {
    g[0] = -2.0 * x[0];
    g[1] = -2.0 * x[1];
    return x[0] * x[0] + x[1] * x[1];
  };
  EXPECT_EQ(minimise_in_box(liar, std::vector<double>{1.0, 1.0}, lower, upper, few).exit,
            "line search");
}

}  // namespace
}  // namespace thalweg
