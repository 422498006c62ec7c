#include "optimizers/flow/flow.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "base/error.hpp"
#include "optimizers/flow_support.hpp"

namespace thalweg {
namespace {

using test::at;
using test::copy;
using test::tolerances;

const std::vector<double> kOscillator{0.0, 1.0, -1.0, 0.0};  // (cos t, −sin t) from (1, 0)

class FlowTest : public testing::Test {
 protected:
  Communicator world_ = Communicator::duplicate(MPI_COMM_WORLD);
  VectorSpace line_{world_, 1};
  VectorSpace plane_{world_, 2};

  double oscillator_error(const FlowOptions& options, double time) {
    Flow flow(plane_, options, test::linear(plane_, kOscillator));
    flow.begin(0.0, std::vector<double>{1.0, 0.0});
    while (flow.time() < time) flow.step(time);
    EXPECT_EQ(flow.time(), time);
    return std::hypot(flow.point()[0] - std::cos(time), flow.point()[1] + std::sin(time));
  }

  /// Errors on the oscillator with equal steps to time 2: at its end, and the largest within steps.
  std::pair<double, double> errors_of_equal_steps(int steps) {
    Flow flow(plane_, test::uncontrolled(), test::linear(plane_, kOscillator));
    flow.begin(0.0, std::vector<double>{1.0, 0.0});
    double within = 0.0;
    for (int k = 1; k <= steps; ++k) {
      flow.step(2.0 * k / steps);
      // The error that the extension adds to that of the step's ends, by the exact flow from there.
      const auto begin = at(flow, flow.previous_time());
      for (const double part : {0.3, 0.5, 0.7}) {
        const double t = part * (flow.time() - flow.previous_time());
        const auto x = at(flow, flow.previous_time() + t);
        within = std::max({within, std::abs(x[0] - begin[0] * std::cos(t) - begin[1] * std::sin(t)),
                           std::abs(x[1] + begin[0] * std::sin(t) - begin[1] * std::cos(t))});
      }
    }
    EXPECT_EQ(flow.counts().accepted, steps);
    const auto& x = flow.point();
    return {std::hypot(x[0] - std::cos(2.0), x[1] + std::sin(2.0)), within};
  }
};

TEST_F(FlowTest, ErrorFallsLikeTheTolerance) {
  double last_decay = 1.0;
  double last_oscillator = 1.0;
  for (const double tolerance : {1e-4, 1e-6, 1e-8, 1e-10}) {
    const auto options = tolerances(tolerance, tolerance * 1e-3);
    Flow flow(line_, options, test::linear(line_, {-0.5}));
    flow.begin(0.0, std::vector<double>{1.0});
    while (flow.time() < 10.0) flow.step(10.0);
    const double decay = std::abs(flow.point()[0] / std::exp(-5.0) - 1.0);
    const double oscillator = oscillator_error(options, 10.0);
    EXPECT_LT(decay, 10.0 * tolerance);
    EXPECT_LT(oscillator, 10.0 * tolerance);
    EXPECT_LT(decay, 0.05 * last_decay) << tolerance;
    EXPECT_LT(oscillator, 0.05 * last_oscillator) << tolerance;
    last_decay = decay;
    last_oscillator = oscillator;
  }
}

// Halving steps divides the error at their end by 2⁵, and that added within one by 2⁵ (4th order:
// O(h⁵) in one step). The cubic alone, without the extension's bend, has 2⁴.
TEST_F(FlowTest, OrdersAreFiveAtTheEndsOfStepsAndFourBetween) {
  auto coarse = errors_of_equal_steps(8);
  for (const int steps : {16, 32}) {
    const auto fine = errors_of_equal_steps(steps);
    const double ends = std::log2(coarse.first / fine.first);
    const double within = std::log2(coarse.second / fine.second);
    EXPECT_GT(ends, 4.8) << steps;
    EXPECT_LT(ends, 5.3) << steps;
    EXPECT_GT(within, 4.8) << steps;
    EXPECT_LT(within, 5.3) << steps;
    coarse = fine;
  }
}

// One step of the pair is Taylor's polynomial of e^z to order 5, and z⁶/600 (Hairer et al. II.5).
TEST_F(FlowTest, OneStepIsTheStabilityPolynomial) {
  Flow flow(line_, test::uncontrolled(), test::linear(line_, {1.0}));
  flow.begin(0.0, std::vector<double>{1.0});
  flow.step(0.5);
  const double z = 0.5;
  const double expected =
      1.0 + z * (1.0 + z / 2.0 * (1.0 + z / 3.0 * (1.0 + z / 4.0 * (1.0 + z / 5.0)))) +
      std::pow(z, 6) / 600.0;
  EXPECT_NEAR(flow.point()[0], expected, 1e-15);
  EXPECT_EQ(flow.value(), flow.point()[0]);
  EXPECT_EQ(flow.counts().evaluations, 7);
}

// Only the first step pays for its first stage, and one evaluation chooses its length.
TEST_F(FlowTest, LastStageIsTheNextStepsFirst) {
  Flow flow(plane_, tolerances(1e-6, 1e-9), test::linear(plane_, kOscillator));
  flow.begin(0.0, std::vector<double>{1.0, 0.0});
  while (flow.time() < 10.0) flow.step(10.0);
  const auto& counts = flow.counts();
  EXPECT_EQ(counts.evaluations, 2 + 6 * (counts.accepted + counts.rejected));
  EXPECT_EQ(counts.stiff, 0);
}

// Hairer, Nørsett & Wanner's rule by hand: x = (1, 0), sc = (1e-3, 5e-4), norms over n = 2.
TEST_F(FlowTest, FirstStepIsByTheRule) {
  Flow flow(plane_, tolerances(5e-4, 5e-4), test::linear(plane_, kOscillator));
  flow.begin(0.0, std::vector<double>{1.0, 0.0});
  // ‖x‖ = 1e3/√2, ‖ẋ‖ = 2e3/√2: h₀ = .005; Δẋ = h₀ (−1, 0): ‖Δẋ‖/h₀ = 1e3/√2.
  EXPECT_NEAR(flow.next_step(), std::pow(0.01 / (2e3 / std::sqrt(2.0)), 0.2), 1e-12);
  EXPECT_EQ(flow.counts().evaluations, 2);
}

// As DOPRI5 would choose: h .9 e_old^.04 / e^.17; e from the pair's two stability polynomials.
TEST_F(FlowTest, StepsAreByPiControl) {
  FlowOptions options = tolerances(0.0, 1e-5);
  options.first_step = 0.3;
  Flow flow(line_, options, test::linear(line_, {1.0}));
  flow.begin(0.0, std::vector<double>{1.0});
  double memory = 1e-4;
  for (int k = 0; k < 4; ++k) {
    const double x = flow.point()[0];
    const double before = flow.next_step();
    flow.step();
    EXPECT_EQ(flow.counts().rejected, 0);
    const double z = flow.time() - flow.previous_time();
    const double error = x / 1e-5 *
                         std::abs(-97.0 / 120000.0 * std::pow(z, 5) +
                                  13.0 / 40000.0 * std::pow(z, 6) - std::pow(z, 7) / 24000.0);
    EXPECT_NEAR(z, before, 1e-14);
    EXPECT_NEAR(flow.next_step(), z * 0.9 * std::pow(memory, 0.04) / std::pow(error, 0.17), 1e-9);
    memory = std::max(error, 1e-4);
  }
}

TEST_F(FlowTest, WhatCannotBeIsRefused) {
  const auto f = test::linear(line_, {-1.0});
  EXPECT_THROW(Flow(line_, tolerances(1e-6, 0.0), f), ConfigurationError);
  EXPECT_THROW(Flow(line_, tolerances(-1e-6, 1e-9), f), ConfigurationError);
  FlowOptions none;
  none.max_step_rejections = 0;
  EXPECT_THROW(Flow(line_, none, f), ConfigurationError);
  Flow flow(line_, {}, f);
  EXPECT_THROW(flow.begin(0.0, std::vector<double>{1.0, 2.0}), Error);
  flow.begin(1.0, std::vector<double>{1.0});
  EXPECT_THROW(flow.step(1.0), Error);
  EXPECT_EQ(at(flow, 1.0), std::vector<double>{1.0});
  flow.step(2.0);
  EXPECT_THROW(at(flow, 0.999), Error);
  EXPECT_THROW(at(flow, 2.001), Error);
}

}  // namespace
}  // namespace thalweg
