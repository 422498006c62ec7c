#include "optimizers/flow/gradient_flow.hpp"

#include <gtest/gtest.h>

#include <cmath>

#include "objectives/analytic/analytic.hpp"
#include "optimizers/flow_support.hpp"
#include "optimizers/stepper.hpp"

namespace thalweg {
namespace {

using test::at;
using test::tolerances;

class GradientFlow : public testing::Test {
 protected:
  Communicator world_ = Communicator::duplicate(MPI_COMM_WORLD);
};

// H = R diag(1, 6) Rᵀ by an angle of .4, centre (1, −2): x(t) = c + e^{−Ht} (x₀ − c).
TEST_F(GradientFlow, OfAQuadraticIsTheMatrixExponential) {
  const double c = std::cos(0.4);
  const double s = std::sin(0.4);
  AnalyticObjective objective(
      world_, 2,
      quadratic({c * c + 6.0 * s * s, -5.0 * c * s, -5.0 * c * s, s * s + 6.0 * c * c},
                {1.0, -2.0}));
  Flow flow(objective.space(), tolerances(1e-9, 1e-12), gradient_flow(objective, {}));
  flow.begin(0.0, std::vector<double>{3.0, 1.0});
  const double along = c * 2.0 + s * 3.0;
  const double across = -s * 2.0 + c * 3.0;
  for (const double time : {0.01, 0.3, 1.0, 2.5}) {
    while (flow.time() < time) flow.step();
    const auto x = at(flow, time);
    const double slow = along * std::exp(-time);
    const double fast = across * std::exp(-6.0 * time);
    EXPECT_NEAR(x[0], 1.0 + c * slow - s * fast, 2e-8) << time;
    EXPECT_NEAR(x[1], -2.0 + s * slow + c * fast, 2e-8) << time;
  }
  EXPECT_EQ(flow.value(), objective.value(flow.point(), {}));
}

// Two balanced layers, σ = w₁w₂: σ' = 2σ(1 − σ), the logistic curve (Saxe et al. 2014).
TEST_F(GradientFlow, OfABalancedDeepLinearNetIsLogistic) {
  AnalyticObjective objective(world_, 2, scalar_chain());
  constexpr double start = 1e-3;
  Flow flow(objective.space(), tolerances(1e-10, 1e-13), gradient_flow(objective, {}));
  flow.begin(0.0, std::vector<double>{std::sqrt(start), std::sqrt(start)});
  double last = start;
  for (int k = 1; k <= 16; ++k) {
    const double time = 0.5 * k;
    while (flow.time() < time) flow.step();
    const auto w = at(flow, time);
    const double grown = std::exp(2.0 * time);
    EXPECT_NEAR(w[0] * w[1], grown / (grown - 1.0 + 1.0 / start), 1e-8) << time;
    EXPECT_GT(w[0] * w[1], last);
    last = w[0] * w[1];
  }
  EXPECT_GT(last, 0.999);
}

// Differences of layers' squares: conserved by the flow, so but for the tolerance by its steps.
TEST_F(GradientFlow, ConservesWhatLayersDifferBy) {
  AnalyticObjective objective(world_, 3, scalar_chain());
  const std::vector<double> start{1.5, 0.3, -0.2};
  for (const double tolerance : {1e-5, 1e-8, 1e-11}) {
    const auto w =
        follow_gradient_flow(objective, {}, start, 20.0, tolerances(tolerance, 0.1 * tolerance));
    EXPECT_NEAR(w[0] * w[0] - w[1] * w[1], 2.16, 2.0 * tolerance);
    EXPECT_NEAR(w[1] * w[1] - w[2] * w[2], 0.05, 2.0 * tolerance);
    EXPECT_NEAR(w[0] * w[1] * w[2], 1.0, 2.0 * tolerance);
  }
}

// Descent is Euler's method of order 1 on the flow.
TEST_F(GradientFlow, DescentComesNearerInProportionToItsRate) {
  AnalyticObjective objective(world_, 3, scalar_chain());
  const std::vector<double> start{1.2, 0.8, 0.4};
  constexpr double time = 2.0;
  const auto flow = follow_gradient_flow(objective, {}, start, time, tolerances(1e-10, 1e-12));
  const auto gap = [&](int steps) {
    Stepper<double> stepper(objective.space(), {}, {});
    std::vector<double> w = start;
    for (int k = 0; k < steps; ++k) {
      stepper.step(w, time / steps, [&](std::span<const double> x, std::span<double> g) {
        return objective.gradient(x, {}, g);
      });
    }
    return std::hypot(w[0] - flow[0], w[1] - flow[1], w[2] - flow[2]);
  };
  const double coarse = gap(40);
  const double middle = gap(80);
  const double fine = gap(160);
  EXPECT_GT(coarse, 1e-3);
  EXPECT_NEAR(coarse / middle, 2.0, 0.2);
  EXPECT_NEAR(middle / fine, 2.0, 0.1);
}

}  // namespace
}  // namespace thalweg
