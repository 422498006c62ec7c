#include <gtest/gtest.h>

#include <cmath>

#include "optimizers/options.hpp"
#include "optimizers/support.hpp"
#include "support/factor_harness.hpp"

namespace thalweg {
namespace {

OptimizerOptions options_of(double smoothing, double epsilon, double decay = 0.0) {
  OptimizerOptions options("grouped_rmsprop");
  options.values.set("smoothing", smoothing);
  options.values.set("epsilon", epsilon);
  options.weight_decay = decay;
  return options;
}

class GroupedRmsprop : public ::testing::Test {
 protected:
  Communicator world_ = Communicator::duplicate(MPI_COMM_WORLD);
};

// Squares 25, 100 and 100 at α = ½: v = 12.5, 56.25, 78.125, over 1 − αᵗ 25, 75, 625/7.
TEST_F(GroupedRmsprop, ByHand) {
  const VectorSpace space(world_, 2);
  Stepper<double> stepper(space, {}, options_of(0.5, 1.0));
  std::vector<double> w{1.0, 2.0};
  const double second = 0.6 / (std::sqrt(75.0) + 1.0);
  const double third = 0.6 / (25.0 / std::sqrt(7.0) + 1.0);
  stepper.step(w, 0.6, test::constant<double>(space, {3.0, 4.0}));
  EXPECT_NEAR(w[0], 0.7, 1e-14);
  EXPECT_NEAR(w[1], 1.6, 1e-14);
  stepper.step(w, 0.6, test::constant<double>(space, {0.0, 10.0}));
  EXPECT_NEAR(w[0], 0.7, 1e-14);
  EXPECT_NEAR(w[1], 1.6 - 10.0 * second, 1e-14);
  stepper.step(w, 0.6, test::constant<double>(space, {-6.0, 8.0}));
  EXPECT_NEAR(w[0], 0.7 + 6.0 * third, 1e-14);
  EXPECT_NEAR(w[1], 1.6 - 10.0 * second - 8.0 * third, 1e-14);
}

// Corrected for its start at zero, the mean of equal squares is that square at once.
TEST_F(GroupedRmsprop, StepsByTheRateUnderAConstantGradient) {
  const VectorSpace space(world_, 3);
  Stepper<double> stepper(space, {}, options_of(0.99, 0.0));
  std::vector<double> w(3, 0.0);
  for (int k = 1; k <= 20; ++k) {
    stepper.step(w, 0.1, test::constant<double>(space, {1.0, -2.0, 2.0}));
    EXPECT_NEAR(w[0], -k * 0.1 / 3.0, 1e-13);
    EXPECT_NEAR(w[1], k * 0.2 / 3.0, 1e-13);
    EXPECT_NEAR(w[2], -k * 0.2 / 3.0, 1e-13);
  }
}

// g + λw, and for a bias λ = 0: (3 + ½ · 2, −3) has the norm 5, at any α in the first step.
TEST_F(GroupedRmsprop, DecaysAsPartOfTheGradient) {
  const VectorSpace space(world_, 2);
  auto options = options_of(0.9, 0.0, 0.5);
  options.decay_normalisation = false;
  Stepper<double> stepper(space, {{"weight", 0, {1}, false}, {"bias", 1, {1}, true}}, options);
  std::vector<double> w{2.0, 7.0};
  stepper.step(w, 0.1, test::constant<double>(space, {3.0, -3.0}));
  EXPECT_NEAR(w[0], 2.0 - 0.1 * 4.0 / 5.0, 1e-14);
  EXPECT_NEAR(w[1], 7.0 + 0.1 * 3.0 / 5.0, 1e-14);
}

TEST_F(GroupedRmsprop, KeepsTheGradientsDirection) {
  constexpr std::int64_t n = 3000;
  const VectorSpace space(world_, n);
  Stepper<double> stepper(space, {}, options_of(0.9, 1e-6));
  std::vector<double> w(n, 0.0);
  for (std::uint64_t k = 0; k < 5; ++k) {
    const auto before = w;
    const auto g = testing::random_vector(n, k, k == 2 ? 100.0 : 1.0);
    stepper.step(w, 0.1, test::constant<double>(space, g));
    const double factor = (w[0] - before[0]) / g[0];
    EXPECT_LT(factor, 0.0);
    for (std::size_t i = 0; i < w.size(); ++i) {
      EXPECT_NEAR(w[i] - before[i], factor * g[i], 1e-12 * std::abs(factor * g[i]) + 1e-16);
    }
  }
}

/// `steps` steps with gradients of very different sizes, from step number `first` on.
template <class Real>
void move(Stepper<Real>& stepper, const VectorSpace& space, std::vector<Real>& w, int first,
          int steps) {
  for (int k = first; k < first + steps; ++k) {
    const auto g = testing::random_vector<Real>(space.dimension(), static_cast<std::uint64_t>(k),
                                                std::pow(2.0, k % 4));
    stepper.step(w, 0.01, test::constant<Real>(space, g));
  }
}

template <class Real>
void expect_that_state_continues(const Communicator& team) {
  const VectorSpace space(team, 2500);
  Stepper<Real> whole(space, {}, options_of(0.9, 1e-6, 0.1));
  Stepper<Real> second(space, {}, options_of(0.9, 1e-6, 0.1));
  auto w = testing::random_vector<Real>(2500, 99);
  move(whole, space, w, 0, 3);
  auto resumed = w;
  const auto from = whole.state();
  const auto to = second.state();
  ASSERT_EQ(from.size(), to.size());
  for (std::size_t s = 0; s < from.size(); ++s) {
    std::copy(from[s].begin(), from[s].end(), to[s].begin());
  }
  second.set_steps(whole.steps());
  move(whole, space, w, 3, 4);
  move(second, space, resumed, 3, 4);
  EXPECT_TRUE(testing::same_bits(w, resumed));
}

TEST_F(GroupedRmsprop, RestoredStateContinuesWithTheSameBits) {
  expect_that_state_continues<float>(world_);
  expect_that_state_continues<double>(world_);
}

template <class Real>
std::vector<Real> moved(const Communicator& team) {
  const VectorSpace space(team, 5000);
  Stepper<Real> stepper(space, {}, options_of(0.9, 1e-6, 0.1));
  auto w = testing::random_vector<Real>(5000, 99);
  move(stepper, space, w, 0, 6);
  return w;
}

TEST_F(GroupedRmsprop, StepsHaveTheBitsOfOneRank) {
  const auto self = Communicator::duplicate(MPI_COMM_SELF);
  EXPECT_TRUE(testing::same_bits(moved<float>(world_), moved<float>(self)));
  EXPECT_TRUE(testing::same_bits(moved<double>(world_), moved<double>(self)));
}

}  // namespace
}  // namespace thalweg
