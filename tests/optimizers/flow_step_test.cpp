#include "optimizers/flow/flow_step.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "base/error.hpp"
#include "base/philox.hpp"
#include "optimizers/support.hpp"

namespace thalweg {
namespace {

OptimizerOptions flow() {
  OptimizerOptions options("flow");
  options.values.set("relative_tolerance", 1e-10);
  options.values.set("absolute_tolerance", 1e-12);
  return options;
}

/// Σ ln cosh(a_i w_i + w_{i+1}): smooth, neither quadratic nor separable.
Stepper<double>::Gradient bowl(const VectorSpace& space) {
  return [&space](std::span<const double> w, std::span<double> gradient) {
    const std::size_t n = w.size();
    const auto scale = [](std::size_t i) { return 0.5 + 0.3 * static_cast<double>(i % 5); };
    const auto slope = [&](std::size_t i) { return std::tanh(scale(i) * w[i] + w[(i + 1) % n]); };
    double value = 0.0;
    for (std::size_t i = 0; i < n; ++i) {
      value += std::log(std::cosh(scale(i) * w[i] + w[(i + 1) % n]));
    }
    const auto begin = static_cast<std::size_t>(space.slice().begin);
    for (std::size_t k = 0; k < gradient.size(); ++k) {
      const std::size_t i = begin + k;
      gradient[k] = scale(i) * slope(i) + slope((i + n - 1) % n);
    }
    return value;
  };
}

std::vector<double> start(std::size_t n) {
  std::vector<double> w(n);
  Stream stream(5, Purpose::test, 0);
  for (auto& x : w) x = stream.normal();
  return w;
}

/// After so many steps that take the time 1 together.
std::vector<double> after_time_one(const VectorSpace& space, const OptimizerOptions& options,
                                   int steps) {
  Stepper<double> stepper(space, {}, options);
  auto w = start(static_cast<std::size_t>(space.dimension()));
  for (int k = 0; k < steps; ++k) stepper.step(w, 1.0 / steps, bowl(space));
  return w;
}

double distance(const std::vector<double>& a, const std::vector<double>& b) {
  double squares = 0.0;
  for (std::size_t i = 0; i < a.size(); ++i) squares += (a[i] - b[i]) * (a[i] - b[i]);
  return std::sqrt(squares);
}

class FlowStepTest : public testing::Test {
 protected:
  Communicator self_ = Communicator::duplicate(MPI_COMM_SELF);
  VectorSpace plane_{self_, 2};
};

// ẇ = −(h + λ) w; the second parameter is spared the decay.
TEST_F(FlowStepTest, FollowsTheExponentialsOfAQuadraticWithDecay) {
  auto options = flow();
  options.weight_decay = 0.5;
  options.decay_normalisation = false;
  const std::vector<ParameterBlock> blocks{{"weights", 0, {1}, false}, {"bias", 1, {1}, true}};
  Stepper<double> stepper(plane_, blocks, options);
  std::vector<double> w{3.0, -2.0};
  EXPECT_EQ(stepper.step(w, 0.0, test::quadratic<double>(plane_, {1.0, 9.0})), 22.5);
  EXPECT_EQ(w, (std::vector<double>{3.0, -2.0}));  // no time, no way
  double time = 0.0;
  for (const double rate : {0.25, 0.5, 1e-3}) {
    stepper.step(w, rate, test::quadratic<double>(plane_, {1.0, 9.0}));
    time += rate;
    EXPECT_NEAR(w[0], 3.0 * std::exp(-1.5 * time), 1e-9);
    EXPECT_NEAR(w[1], -2.0 * std::exp(-9.0 * time), 1e-9);
  }
}

TEST_F(FlowStepTest, EndDoesNotHangOnTheNumberOfSteps) {
  const VectorSpace space(self_, 40);
  const auto once = after_time_one(space, flow(), 1);
  EXPECT_LT(distance(once, after_time_one(space, flow(), 7)), 1e-8);
  EXPECT_GT(distance(once, start(40)), 1.0);
}

// Descent is Euler's method: the gap is of order η.
TEST_F(FlowStepTest, GapOfDescentHalvesWithTheRate) {
  const VectorSpace space(self_, 40);
  const auto end = after_time_one(space, flow(), 2);
  const double coarse = distance(end, after_time_one(space, {}, 200));
  const double fine = distance(end, after_time_one(space, {}, 400));
  EXPECT_GT(fine, 1e-5);
  EXPECT_NEAR(coarse / fine, 2.0, 0.02);
}

// Running statistics are those of the points that are visited: of the step's begin.
TEST_F(FlowStepTest, OtherPointsAreAskedOfTheOtherFunction) {
  Stepper<double> stepper(plane_, {}, flow());
  std::vector<double> w{1.0, 1.0};
  std::vector<std::vector<double>> visited;
  int others = 0;
  const auto plain = test::quadratic<double>(plane_, {1.0, 4.0});
  for (int k = 0; k < 2; ++k) {
    const auto before = w;
    stepper.step(
        w, 0.5,
        [&](std::span<const double> x, std::span<double> g) {
          visited.emplace_back(x.begin(), x.end());
          return plain(x, g);
        },
        [&](std::span<const double> x, std::span<double> g) {
          ++others;
          return plain(x, g);
        });
    ASSERT_EQ(visited.size(), static_cast<std::size_t>(k) + 1);
    EXPECT_EQ(visited.back(), before);
  }
  const auto counts = stepper.flow_counts();
  ASSERT_TRUE(counts);
  EXPECT_GE(counts->accepted, 2);
  EXPECT_EQ(counts->evaluations, others + 2);
}

// λ = 1e4: a step of the time .1 is cut into some three hundred by stability.
TEST_F(FlowStepTest, CountsStiffSteps) {
  auto options = flow();
  options.values.set("relative_tolerance", 1e-3);
  options.values.set("absolute_tolerance", 1e-3);
  Stepper<double> stepper(plane_, {}, options);
  std::vector<double> w{1.0, 1.0};
  for (int k = 0; k < 5; ++k) {
    stepper.step(w, 0.1, test::quadratic<double>(plane_, {1.0, 1e4}));
  }
  EXPECT_NEAR(w[0], std::exp(-0.5), 2e-3);
  EXPECT_GT(stepper.flow_counts()->accepted, 1000);
  EXPECT_GT(stepper.flow_counts()->stiff, 100);
}

TEST_F(FlowStepTest, AbandonedStepLeavesEverythingAlone) {
  const auto stiff = test::quadratic<double>(plane_, {1.0, 1e4});
  Stepper<double> stepper(plane_, {}, flow());
  Stepper<double> undisturbed(plane_, {}, flow());
  std::vector<double> w{1.0, 1.0};
  stepper.step(w, 0.01, stiff);
  EXPECT_FALSE(stepper.was_abandoned());
  auto whole = std::vector<double>{1.0, 1.0};
  undisturbed.step(whole, 0.01, stiff);
  const auto before = w;
  const auto numbers = stepper.numbers();
  int asked = 0;
  stepper.set_stop([&] { return ++asked == 3; });
  stepper.step(w, 0.5, stiff);
  EXPECT_EQ(asked, 3);
  EXPECT_TRUE(stepper.was_abandoned());
  EXPECT_EQ(w, before);
  EXPECT_EQ(stepper.numbers(), numbers);
  stepper.set_stop([] { return false; });
  stepper.step(w, 0.5, stiff);
  EXPECT_FALSE(stepper.was_abandoned());
  undisturbed.step(whole, 0.5, stiff);
  EXPECT_EQ(w, whole);
  EXPECT_EQ(stepper.numbers(), undisturbed.numbers());
}

TEST_F(FlowStepTest, NoStepIsAnErrorThatNamesTheTolerances) {
  auto options = flow();
  options.values.set("absolute_tolerance", 1e-300);
  Stepper<double> stepper(plane_, {}, options);
  std::vector<double> w{0.0, 1.0};
  try {
    stepper.step(w, 0.5, test::constant<double>(plane_, {1.0, 1.0}));
    ADD_FAILURE() << "a step was taken";
  } catch (const Error& error) {
    EXPECT_NE(std::string(error.what()).find("1e-300 absolute"), std::string::npos) << error.what();
  }
}

TEST_F(FlowStepTest, WhatIsNotFiniteLeavesEverythingAlone) {
  Stepper<double> stepper(plane_, {}, flow());
  std::vector<double> w{1.0, 1.0};
  const auto plain = test::quadratic<double>(plane_, {1.0, 4.0});
  stepper.step(w, 0.1, plain);
  const auto before = w;
  const auto numbers = stepper.numbers();
  for (const bool in_gradient : {false, true}) {
    const auto broken = [&](std::span<const double> x, std::span<double> g) {
      const double value = plain(x, g);
      if (!in_gradient) return std::numeric_limits<double>::infinity();
      g[1] = std::numeric_limits<double>::quiet_NaN();
      return value;
    };
    EXPECT_FALSE(std::isfinite(stepper.step(w, 0.1, broken)));
    EXPECT_EQ(w, before);
    EXPECT_EQ(stepper.numbers(), numbers);
  }
}

TEST_F(FlowStepTest, RefusesWhatAFlowIsNot) {
  auto options = flow();
  EXPECT_THROW(Stepper<float>(plane_, {}, options), ConfigurationError);
  options.clip_norm = 1.0;
  EXPECT_THROW(Stepper<double>(plane_, {}, options), ConfigurationError);
  options = flow();
  options.sharpness_aware = "sam";
  EXPECT_THROW(Stepper<double>(plane_, {}, options), ConfigurationError);
  options = flow();
  options.values.set("relative_tolerance", -1.0);
  EXPECT_THROW(Stepper<double>(plane_, {}, options), ConfigurationError);
  Stepper<double> stepper(plane_, {}, flow());
  const std::vector<double> short_state(3);
  EXPECT_THROW(stepper.set_numbers(short_state), Error);
}

TEST(FlowStep, HasTheBitsOfOneRankAndGoesOnFromItsNumbers) {
  constexpr std::int64_t dimension = 5000;
  const auto world = Communicator::duplicate(MPI_COMM_WORLD);
  const auto self = Communicator::duplicate(MPI_COMM_SELF);
  const auto run = [&](const Communicator& comm, bool is_resumed) {
    const VectorSpace space(comm, dimension);
    auto w = start(dimension);
    auto stepper = std::make_unique<Stepper<double>>(space, std::vector<ParameterBlock>(), flow());
    for (int k = 0; k < 6; ++k) {
      if (is_resumed && k == 3) {
        const auto numbers = stepper->numbers();
        stepper = std::make_unique<Stepper<double>>(space, std::vector<ParameterBlock>(), flow());
        stepper->set_numbers(numbers);
      }
      stepper->step(w, 0.3, bowl(space));
    }
    const auto numbers = stepper->numbers();
    w.insert(w.end(), numbers.begin(), numbers.end());
    return w;
  };
  const auto alone = run(self, false);
  EXPECT_TRUE(run(world, false) == alone);
  EXPECT_TRUE(run(world, true) == alone);
}

}  // namespace
}  // namespace thalweg
