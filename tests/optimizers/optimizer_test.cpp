#include "optimizers/optimizer.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <vector>

#include "base/error.hpp"
#include "optimizers/support.hpp"

namespace thalweg {
namespace {

std::vector<double> run(const OptimizerOptions& options, std::vector<double> w, double rate,
                        int steps, double h) {
  const auto self = Communicator::duplicate(MPI_COMM_SELF);
  const VectorSpace space(self, static_cast<std::int64_t>(w.size()));
  const auto optimizer = make_optimizer<double>(options, space);
  for (int k = 0; k < steps; ++k) {
    std::vector<double> g;
    for (const double x : w) g.push_back(h * x);
    optimizer->step(w, g, rate);
  }
  return w;
}

// On ½hx² plain descent is x_k = (1 − ηh)^k x_0.
TEST(Descent, ContractsAQuadraticByItsFactor) {
  const auto w = run({}, {2.0, -3.0}, 0.1, 20, 3.0);
  EXPECT_NEAR(w[0], 2.0 * std::pow(0.7, 20), 1e-15);
  EXPECT_NEAR(w[1], -3.0 * std::pow(0.7, 20), 1e-15);
}

// Two steps by hand: v1 = g1, w1 = w0 − ηv1; v2 = βv1 + g2; Polyak uses v2, Nesterov g2 + βv2.
TEST(Descent, MomentumFollowsItsFormula) {
  OptimizerOptions options;
  options.values.set("momentum", 0.9);
  const double w1 = 1.0 - 0.1 * 1.0;
  EXPECT_NEAR(run(options, {1.0}, 0.1, 2, 1.0)[0], w1 - 0.1 * (0.9 * 1.0 + w1), 1e-15);
  options = test::with_momentum("nesterov", 0.9);
  const double n1 = 1.0 - 0.1 * (1.0 + 0.9);
  const double v2 = 0.9 * 1.0 + n1;
  EXPECT_NEAR(run(options, {1.0}, 0.1, 2, 1.0)[0], n1 - 0.1 * (n1 + 0.9 * v2), 1e-15);
}

// stable up to 2/h, (2+2β)/h and (2+2β)/(h(1+2β)).
TEST(Descent, IsStableJustBelowItsThresholdAndNotAbove) {
  const double h = 2.0;
  struct Row {
    const char* type;
    double momentum, threshold;
  };
  for (const auto& row : {Row{"sgd", 0.0, 2.0 / h}, Row{"sgd", 0.9, 3.8 / h},
                          Row{"nesterov", 0.9, 3.8 / (2.8 * h)}}) {
    const OptimizerOptions options = test::with_momentum(row.type, row.momentum);
    EXPECT_LT(std::abs(run(options, {1.0}, 0.99 * row.threshold, 2000, h)[0]), 1.0) << row.type;
    EXPECT_GT(std::abs(run(options, {1.0}, 1.01 * row.threshold, 2000, h)[0]), 1e3) << row.type;
  }
}

TEST(Adam, FirstStepIsTheRateInEveryCoordinate) {
  OptimizerOptions options("adam");
  const auto w = run(options, {5.0, -1e-3}, 0.01, 1, 1.0);
  EXPECT_NEAR(w[0], 5.0 - 0.01, 1e-9);
  EXPECT_NEAR(w[1], -1e-3 + 0.01, 1e-6);
}

// Three steps against the algorithm as printed in the paper.
TEST(Adam, FollowsTheAlgorithm) {
  OptimizerOptions options("adam");
  double w = 1.0;
  double m = 0.0;
  double v = 0.0;
  for (int t = 1; t <= 3; ++t) {
    const double g = 2.0 * w;
    m = 0.9 * m + 0.1 * g;
    v = 0.999 * v + 0.001 * g * g;
    w -= 0.05 * (m / (1 - std::pow(0.9, t))) / (std::sqrt(v / (1 - std::pow(0.999, t))) + 1e-8);
  }
  EXPECT_NEAR(run(options, {1.0}, 0.05, 3, 2.0)[0], w, 1e-12);
}

TEST(Optimizer, WeightDecayAddsToTheGradient) {
  OptimizerOptions options;
  options.weight_decay = 0.5;
  EXPECT_NEAR(run(options, {2.0}, 0.1, 1, 0.0)[0], 2.0 * (1 - 0.05), 1e-15);
}

TEST(Optimizer, StateRestoresExactly) {
  const auto self = Communicator::duplicate(MPI_COMM_SELF);
  const VectorSpace space(self, 2);
  for (const auto& kind : test::descents()) {
    OptimizerOptions options = test::with_momentum(kind.name, 0.9);
    const auto whole = make_optimizer<float>(options, space);
    const auto second = make_optimizer<float>(options, space);
    std::vector<float> w{1.0F, -2.0F};
    const auto step = [](Optimizer<float>& optimizer, std::vector<float>& x) {
      const std::vector<float> g{x[0] * 3.0F, x[1]};
      optimizer.step(x, g, 0.01);
    };
    for (int k = 0; k < 5; ++k) step(*whole, w);
    auto resumed = w;
    const auto from = whole->state();
    const auto to = second->state();
    for (std::size_t s = 0; s < from.size(); ++s)
      std::copy(from[s].begin(), from[s].end(), to[s].begin());
    second->set_steps(whole->steps());
    for (int k = 0; k < 5; ++k) {
      step(*whole, w);
      step(*second, resumed);
    }
    EXPECT_EQ(w, resumed) << kind.name;
  }
}

// What is saved must not depend on a rank's share: ranks gather it together.
TEST(Optimizer, StateHasTheSameShapeOnAnIdleRank) {
  const auto self = Communicator::duplicate(MPI_COMM_SELF);
  const VectorSpace none(self, 0);
  const VectorSpace some(self, 7);
  for (const auto& kind : test::descents()) {
    OptimizerOptions options = test::with_momentum(kind.name, 0.9);
    EXPECT_EQ(make_optimizer<float>(options, none)->state().size(),
              make_optimizer<float>(options, some)->state().size())
        << kind.name;
  }
}

TEST(Optimizer, UnknownTypeIsRefused) {
  EXPECT_THROW(OptimizerOptions("sgdd"), ConfigurationError);
}

}  // namespace
}  // namespace thalweg
