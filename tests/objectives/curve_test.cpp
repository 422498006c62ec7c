#include "objectives/composed/curve.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "base/error.hpp"
#include "objectives/analytic/analytic.hpp"
#include "support/alone.hpp"

namespace thalweg {
namespace {

/// (x² + y² − 1)²: a circle of minima.
AnalyticObjective::Formulas circle() {
  return {[](std::span<const double> x) {
            const double gap = x[0] * x[0] + x[1] * x[1] - 1.0;
            return gap * gap;
          },
          [](std::span<const double> x, std::span<double> gradient) {
            const double gap = x[0] * x[0] + x[1] * x[1] - 1.0;
            for (std::size_t i = 0; i < 2; ++i) gradient[i] = 4.0 * gap * x[i];
          },
          [](std::span<const double> x, std::span<const double> v, std::span<double> product) {
            const double gap = x[0] * x[0] + x[1] * x[1] - 1.0;
            const double along = x[0] * v[0] + x[1] * v[1];
            for (std::size_t i = 0; i < 2; ++i) product[i] = 4.0 * gap * v[i] + 8.0 * along * x[i];
          }};
}

class CurveOnACircle : public ::testing::Test {
 protected:
  Communicator world_ = Communicator::duplicate(MPI_COMM_WORLD);
  AnalyticObjective circle_{world_, 2, circle()};

  CurveObjective<double> curve(CurveKind kind, std::int64_t bends) {
    return {circle_, kind, bends, {1.0, 0.0}, {-1.0, 0.0}};
  }
  double barrier(const CurveObjective<double>& on, const std::vector<double>& x) {
    double highest = 0.0;
    std::vector<double> w(2);
    for (int i = 0; i <= 1000; ++i) {
      on.point(x, i / 1000.0, w);
      highest = std::max(highest, circle_.value(w, {}));
    }
    return highest;
  }
  std::vector<double> gradient(CurveObjective<double>& on, const std::vector<double>& x) {
    std::vector<double> slice(static_cast<std::size_t>(on.space().slice().size()));
    on.gradient(x, {}, slice);
    std::vector<double> whole(x.size());
    on.space().gather(std::span<const double>(slice), std::span(whole));
    return whole;
  }
  /// Gradient descent to where it no longer moves.
  std::vector<double> minimised(CurveObjective<double>& on, std::vector<double> x) {
    for (int step = 0; step < 20000; ++step) {
      const auto g = gradient(on, x);
      for (std::size_t i = 0; i < x.size(); ++i) x[i] -= 0.1 * g[i];
    }
    return x;
  }
};

TEST_F(CurveOnACircle, LineAndArcGoThroughTheTop) {
  EXPECT_NEAR(barrier(curve(CurveKind::line, 0), {}), 1.0, 1e-12);
  EXPECT_NEAR(barrier(curve(CurveKind::arc, 0), {}), 1.0, 1e-5);
}

TEST_F(CurveOnACircle, BestBezierCurve) {
  THALWEG_SKIP_UNLESS_ALONE();
  auto bezier = curve(CurveKind::bezier, 1);
  const auto x = minimised(bezier, {0.1, 0.5});
  EXPECT_NEAR(x[0], 0.0, 1e-9);
  EXPECT_NEAR(x[1], 3.0 / std::sqrt(2.0), 1e-9);
  EXPECT_NEAR(bezier.value(x, {}), 2.0 / 105.0, 1e-12);
  EXPECT_NEAR(barrier(bezier, x), 4.0 / 81.0, 1e-6);
}

TEST_F(CurveOnACircle, BestChainOfOneBend) {
  THALWEG_SKIP_UNLESS_ALONE();
  auto chain = curve(CurveKind::chain, 1);
  const auto x = minimised(chain, {0.1, 0.5});
  EXPECT_NEAR(x[0], 0.0, 1e-9);
  EXPECT_NEAR(x[1], std::sqrt(1.5), 1e-9);
  EXPECT_NEAR(chain.value(x, {}), 1.0 / 12.0, 1e-12);
  EXPECT_NEAR(barrier(chain, x), 0.25, 1e-6);
}

TEST_F(CurveOnACircle, DerivativesAgreeWithDifferences) {
  for (const auto kind : {CurveKind::bezier, CurveKind::chain}) {
    for (std::int64_t bends = 1; bends <= 3; ++bends) {
      auto on = curve(kind, bends);
      std::vector<double> x = on.straight();
      for (std::size_t i = 0; i < x.size(); ++i) x[i] += 0.3 * std::sin(1.0 + 2.0 * double(i));
      const auto g = gradient(on, x);
      for (std::size_t i = 0; i < x.size(); ++i) {
        constexpr double h = 1e-5;
        auto up = x;
        auto down = x;
        up[i] += h;
        down[i] -= h;
        EXPECT_NEAR(g[i], (on.value(up, {}) - on.value(down, {})) / (2.0 * h), 1e-7);
        std::vector<double> v(x.size(), 0.0);
        v[i] = 1.0;
        std::vector<double> slice(static_cast<std::size_t>(on.space().slice().size()));
        on.hessian_vector(x, v, {}, slice);
        std::vector<double> product(x.size());
        on.space().gather(std::span<const double>(slice), std::span(product));
        const auto g_up = gradient(on, up);
        const auto g_down = gradient(on, down);
        for (std::size_t j = 0; j < x.size(); ++j) {
          EXPECT_NEAR(product[j], (g_up[j] - g_down[j]) / (2.0 * h), 1e-6);
        }
      }
    }
  }
}

// The mean over the quadrature's own nodes of gradients at one t is the gradient.
TEST_F(CurveOnACircle, OneTimeAtATimeAddsUpToTheMean) {
  auto on = curve(CurveKind::bezier, 2);
  const std::vector<double> x{0.7, 0.9, -0.2, 1.1};
  const auto whole = gradient(on, x);
  std::vector<double> sum(static_cast<std::size_t>(on.space().slice().size()), 0.0);
  const auto rule = gauss_legendre(16);
  for (std::size_t q = 0; q < rule.nodes.size(); ++q) {
    std::vector<double> slice(sum.size());
    on.gradient_at(
        x, 0.5 + 0.5 * rule.nodes[q],
        [&](std::span<const double> w, std::span<double> inner) {
          return circle_.gradient(w, {}, inner);
        },
        slice);
    for (std::size_t j = 0; j < sum.size(); ++j) sum[j] += 0.5 * rule.weights[q] * slice[j];
  }
  const auto mine = on.space().slice_of(std::span<const double>(whole));
  for (std::size_t j = 0; j < sum.size(); ++j) EXPECT_NEAR(sum[j], mine[j], 1e-12);
}

TEST(Curve, BeginsAndEndsAtItsEnds) {
  for (const auto kind : {CurveKind::line, CurveKind::arc, CurveKind::bezier, CurveKind::chain}) {
    const std::int64_t bends = kind == CurveKind::line || kind == CurveKind::arc ? 0 : 3;
    const Curve curve(kind, bends);
    EXPECT_EQ(curve.coefficients(0.0).front(), 1.0);
    EXPECT_EQ(curve.coefficients(1.0).back(), 1.0);
    EXPECT_EQ(curve.coefficients(1.0).front(), 0.0);
    for (const double t : {0.1, 0.25, 0.5, 0.9}) {
      const auto c = curve.coefficients(t);
      double sum = 0.0;
      double squares = 0.0;
      for (const double value : c) {
        sum += value;
        squares += value * value;
      }
      EXPECT_NEAR(kind == CurveKind::arc ? squares : sum, 1.0, 1e-14);
    }
  }
  EXPECT_THROW(Curve(CurveKind::line, 1), Error);
  EXPECT_THROW(Curve(CurveKind::bezier, 0), Error);
}

// Exact for polynomials of degree 2n − 1.
TEST(GaussLegendre, IntegratesPowers) {
  const auto rule = gauss_legendre(5);
  for (int power = 0; power <= 9; ++power) {
    double sum = 0.0;
    for (std::size_t q = 0; q < 5; ++q) sum += rule.weights[q] * std::pow(rule.nodes[q], power);
    EXPECT_NEAR(sum, power % 2 == 0 ? 2.0 / (power + 1) : 0.0, 1e-14);
  }
}

}  // namespace
}  // namespace thalweg
