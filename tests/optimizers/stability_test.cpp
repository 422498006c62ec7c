#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "base/philox.hpp"
#include "optimizers/support.hpp"

namespace thalweg {
namespace {

constexpr double kNone = std::numeric_limits<double>::quiet_NaN();

OptimizerOptions threshold_options(const char* type, double momentum) {
  OptimizerOptions options = test::with_momentum(type, momentum);
  options.weight_decay = 0.0;
  return options;
}

TEST(Stability, ThresholdsOfTheLiterature) {
  const auto threshold = [](const char* type, double momentum) {
    return threshold_options(type, momentum).stability_threshold(0.01).value_or(kNone);
  };
  EXPECT_NEAR(threshold("sgd", 0.0), 200.0, 1e-10);
  EXPECT_NEAR(threshold("sgd", 0.9), 380.0, 1e-10);
  EXPECT_NEAR(threshold("nesterov", 0.9), 135.714, 5e-4);
  EXPECT_NEAR(threshold("adam", 0.0), 3800.0, 1e-9);
  EXPECT_NEAR(threshold("adamw", 0.0), 3800.0, 1e-9);
  EXPECT_NEAR(threshold("rmsprop", 0.0), 200.0, 1e-10);
  EXPECT_NEAR(threshold("adagrad", 0.0), 200.0, 1e-10);
  EXPECT_FALSE(threshold_options("lars", 0.9).stability_threshold(0.01));
  EXPECT_FALSE(threshold_options("adadelta", 0.0).stability_threshold(0.01));
  auto sam = threshold_options("sgd", 0.0);
  sam.sharpness_aware = "sam";
  EXPECT_FALSE(sam.stability_threshold(0.01));
}

struct Case {
  const char* type;
  double momentum;
  std::size_t squares;  ///< number of the state that the preconditioner is made of
};

/// Whether a quadratic with λ_max(P⁻¹H) = factor · threshold escapes from near its minimum. The
/// preconditioner is held at diag(2, ½, 3) by mean squares that hardly change.
bool escapes(const Case& row, double factor) {
  constexpr double tiny = 1e-9;
  constexpr double rate = 0.01;
  const auto self = Communicator::duplicate(MPI_COMM_SELF);
  const VectorSpace space(self, 3);
  auto options = threshold_options(row.type, row.momentum);
  test::set_if_taken(options, "beta2", 1.0 - 1e-12);
  test::set_if_taken(options, "smoothing", 1.0);
  Stepper<double> stepper(space, {}, options);
  stepper.set_steps(100'000'000'000'000);  // β₂^t = e^−100: late time
  std::vector<double> p(3, 1.0);
  if (stepper.preconditioner_slice()) {
    const auto squares = stepper.state()[row.squares];
    squares[0] = 4.0;
    squares[1] = 0.25;
    squares[2] = 9.0;
    p = *stepper.preconditioner_slice();
    EXPECT_NEAR(p[0], 2.0, 1e-7);
    EXPECT_NEAR(p[1], 0.5, 1e-7);
    EXPECT_NEAR(p[2], 3.0, 1e-7);
  }
  const double threshold = options.stability_threshold(rate).value_or(kNone);
  const auto quadratic = test::quadratic<double>(
      space, {factor * threshold * p[0], 0.5 * threshold * p[1], 0.02 * threshold * p[2]});
  std::vector<double> w(3, tiny);
  for (int k = 0; k < 4000; ++k) {
    stepper.step(w, rate, quadratic);
    if (std::abs(w[0]) > 1e3 * tiny) return true;
  }
  for (const double x : w) EXPECT_LT(std::abs(x), 0.1 * tiny) << row.type;
  return false;
}

TEST(Stability, StepsConvergeJustBelowTheThresholdAndEscapeJustAbove) {
  for (const auto& row : {Case{"sgd", 0.0, 0}, Case{"sgd", 0.9, 0}, Case{"nesterov", 0.9, 0},
                          Case{"adam", 0.0, 1}, Case{"adamw", 0.0, 1}, Case{"rmsprop", 0.0, 0},
                          Case{"rmsprop", 0.9, 0}, Case{"adagrad", 0.0, 0}}) {
    EXPECT_FALSE(escapes(row, 0.98)) << row.type << " " << row.momentum;
    EXPECT_TRUE(escapes(row, 1.02)) << row.type << " " << row.momentum;
  }
}

// After two steps with gradients 3 and 1: v̂ = (β₂(1−β₂) 9 + (1−β₂) 1)/(1 − β₂²).
TEST(Stability, AdamPreconditionsWithTheBiasCorrectedRoot) {
  const auto self = Communicator::duplicate(MPI_COMM_SELF);
  const VectorSpace space(self, 1);
  auto options = threshold_options("adam", 0.0);
  test::set_if_taken(options, "epsilon", 0.25);
  Stepper<double> stepper(space, {}, options);
  std::vector<double> w{1.0};
  stepper.step(w, 0.1, test::constant<double>(space, {3.0}));
  stepper.step(w, 0.1, test::constant<double>(space, {1.0}));
  const double v = (0.999 * 0.001 * 9.0 + 0.001) / (1.0 - 0.999 * 0.999);
  EXPECT_NEAR(stepper.preconditioner_slice()->front(), std::sqrt(v) + 0.25, 1e-12);
}

// Gradient descent on ½(ab − 1)² from (2.2, .1): a small rate ends at the sharp minimum that
// gradient flow finds, a large one at a flat one, below 2/η. λ_max = a² + b² there.
TEST(Stability, LargeRateEndsInAFlatterMinimum) {
  const auto self = Communicator::duplicate(MPI_COMM_SELF);
  const VectorSpace space(self, 2);
  const auto product = [](std::span<const double> w, std::span<double> g) {
    const double gap = w[0] * w[1] - 1.0;
    g[0] = gap * w[1];
    g[1] = gap * w[0];
    return 0.5 * gap * gap;
  };
  const auto sharpness = [&](double rate) {
    Stepper<double> stepper(space, {}, {});
    std::vector<double> w{2.2, 0.1};
    for (int k = 0; k < 3000; ++k) stepper.step(w, rate, product);
    EXPECT_NEAR(w[0] * w[1], 1.0, 1e-12);
    return w[0] * w[0] + w[1] * w[1];
  };
  EXPECT_NEAR(sharpness(0.1), 5.1911, 5e-5);
  EXPECT_NEAR(sharpness(0.45), 3.0184, 5e-5);
}

struct Noise {
  double momentum;
  double variance;  ///< of w for η = .1, h = 1, σ²/B = 1
};

// Noise enters linearly: the variance is the sum of squares of the response to one unit of it.
TEST(StationaryVariance, IsTheSumOfSquaredResponses) {
  const auto self = Communicator::duplicate(MPI_COMM_SELF);
  const VectorSpace space(self, 1);
  for (const auto& row : {Noise{0.0, 0.0526316}, Noise{0.9, 0.5135135}}) {
    Stepper<double> stepper(space, {}, threshold_options("sgd", row.momentum));
    std::vector<double> w{0.0};
    stepper.step(w, 0.1, test::constant<double>(space, {1.0}));
    double variance = w[0] * w[0];
    for (int k = 0; k < 2000; ++k) {
      stepper.step(w, 0.1, test::quadratic<double>(space, {1.0}));
      variance += w[0] * w[0];
    }
    EXPECT_NEAR(variance, row.variance, 5e-8);
    const double b = row.momentum;
    EXPECT_NEAR(variance, 0.1 * (1.0 + b) / ((1.0 - b) * (2.0 * (1.0 + b) - 0.1)), 1e-12);
  }
}

// 65536 independent coordinates after 200 steps: the standard error of the variance is √(2/n) of
// it, .55 %; what is left of the start is below .9^200.
TEST(StationaryVariance, OfNoisyStepsAgreesWithinThreeErrors) {
  constexpr std::int64_t n = 65536;
  const auto world = Communicator::duplicate(MPI_COMM_WORLD);
  const VectorSpace space(world, n);
  for (const auto& row : {Noise{0.0, 0.0526316}, Noise{0.9, 0.5135135}}) {
    std::vector<Stream> noise;
    for (std::int64_t i = space.slice().begin; i < space.slice().end; ++i) {
      noise.emplace_back(11, Purpose::test, static_cast<std::uint64_t>(i));
    }
    Stepper<float> stepper(space, {}, threshold_options("sgd", row.momentum));
    std::vector<float> w(n, 0.0F);
    for (int k = 0; k < 200; ++k) {
      stepper.step(w, 0.1, [&](std::span<const float> x, std::span<float> g) {
        const auto mine = space.slice_of(x);
        for (std::size_t i = 0; i < g.size(); ++i) {
          g[i] = mine[i] + static_cast<float>(noise[i].normal());
        }
        return 0.0;
      });
    }
    const double norm = space.norm(space.slice_of(std::span<const float>(w)));
    const double variance = norm * norm / static_cast<double>(n);
    EXPECT_NEAR(variance, row.variance,
                3.0 * std::sqrt(2.0 / static_cast<double>(n)) * row.variance);
  }
}

}  // namespace
}  // namespace thalweg
