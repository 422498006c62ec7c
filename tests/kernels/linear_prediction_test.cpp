#include "kernels/linear_prediction.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <vector>

#include "base/philox.hpp"
#include "models/tangent_gram.hpp"
#include "support/tiny_problem.hpp"

namespace thalweg {
namespace {

using testing::TinyProblem;

// K = [[2, 1], [1, 3]], k = (.5, 1.5), y = (1, −1), f0 = 0, n = 2.
TEST(LinearPrediction, TwoSamplesComputedByHand) {
  const std::vector<double> gap{1.0, -1.0};
  const std::vector<double> k{.5, 1.5};
  const LinearPrediction prediction({2, 1, 1, 3}, gap, 1);
  const LinearTraining flow{1.0, 2, TrainingRule::flow};
  const auto left = prediction.gap_at(flow, 1.0);
  EXPECT_NEAR(1.0 - left[0], .4413044592772929, 1e-15);
  EXPECT_NEAR(-1.0 - left[1], -.5921353704054182, 1e-15);
  EXPECT_NEAR(prediction.change_at(flow, k, 1.0)[0], -.2960676852027091, 1e-15);
  EXPECT_NEAR(prediction.change_at(flow, k, std::numeric_limits<double>::infinity())[0], -.5,
              1e-15);
  EXPECT_NEAR(largest_stable_rate(prediction.largest_eigenvalue(), 2), 1.105572809000084, 1e-15);
}

// A repeated sample makes the Gram singular: its direction keeps its gap, and nothing is NaN.
TEST(LinearPrediction, SingularGram) {
  const std::vector<double> gap{1.0, 0.0};
  const std::vector<double> cross{2, 2};
  const LinearPrediction prediction({2, 2, 2, 2}, gap, 1);
  LinearTraining flow{1.0, 2, TrainingRule::flow};
  flow.null_eigenvalue = prediction.null_eigenvalue();
  EXPECT_NEAR(prediction.gap_at(flow, 1e9)[0], .5, 1e-14);
  const double forever = std::numeric_limits<double>::infinity();
  EXPECT_NEAR(prediction.gap_at(flow, forever)[1], -.5, 1e-14);
  EXPECT_NEAR(prediction.change_at(flow, cross, forever)[0], .5, 1e-14);
}

// The linearised net, trained step by step in its parameters, w ← w − η/n Jᵀ(f_lin − y), against
// the closed form from the kernel of all pairs of sample and output; on training and other samples.
TEST(LinearPrediction, IsTheTrainingOfTheLinearisedNet) {
  const auto world = Communicator::duplicate(MPI_COMM_WORLD);
  TinyProblem<double> problem(world, BatchNormKind::none, LossKind::squared, {6}, 24);
  auto& net = problem.objective;
  std::vector<std::int64_t> train;
  std::vector<std::int64_t> other;
  for (std::int64_t i = 0; i < 24; ++i) (i < 10 ? train : other).push_back(i);
  const auto& w0 = problem.point;
  const auto f0 = net.outputs(w0, train);
  const auto y = net.targets(train);
  std::vector<double> gap(y.size());
  for (std::size_t i = 0; i < y.size(); ++i) gap[i] = y[i] - f0[i];

  const auto rows = problem.data.train.all_rows();
  const auto split = static_cast<std::size_t>(10 * problem.data.train.features());
  TangentKernel<double> kernel(net.network(), w0, Statistics::frozen, TangentMethod::structure,
                               TangentOutputs::pairs);
  const auto gram = tangent_gram(world, kernel, rows.subspan(0, split), rows.subspan(0, split));
  const auto cross = tangent_gram(world, kernel, rows.subspan(split), rows.subspan(0, split));
  const LinearPrediction prediction(gram, gap, 1);
  const double rate = .7 * largest_stable_rate(prediction.largest_eigenvalue(), 10);
  const LinearTraining descent{rate, 10, TrainingRule::descent, prediction.null_eigenvalue()};

  std::vector<double> moved(w0.size(), 0.0);
  std::vector<double> slice(static_cast<std::size_t>(net.space().slice().size()));
  for (int step = 0; step <= 40; ++step) {
    const auto change = net.jacobian_product(w0, moved, train);
    std::vector<double> left(gap.size());
    for (std::size_t i = 0; i < gap.size(); ++i) left[i] = gap[i] - change[i];
    if (step % 10 == 0) {
      const auto expected = prediction.gap_at(descent, step);
      for (std::size_t i = 0; i < left.size(); ++i) EXPECT_NEAR(expected[i], left[i], 1e-11);
      const auto elsewhere = net.jacobian_product(w0, moved, other);
      const auto predicted = prediction.change_at(descent, cross, step);
      for (std::size_t i = 0; i < predicted.size(); ++i) {
        EXPECT_NEAR(predicted[i], elsewhere[i], 1e-11);
      }
    }
    net.transposed_jacobian_product(w0, left, train, slice);
    const auto direction = problem.whole(slice);
    for (std::size_t i = 0; i < moved.size(); ++i) moved[i] += rate / 10.0 * direction[i];
  }
}

TEST(LinearPrediction, RefusesWhatDoesNotFit) {
  const std::vector<double> gap{1.0, 2.0};
  EXPECT_THROW(LinearPrediction({1, 2, 3}, gap, 1), Error);
  EXPECT_THROW(LinearPrediction({1, 0, 0, std::nan("")}, gap, 1), Error);
  EXPECT_THROW(LinearPrediction({1}, gap, 3), Error);
  const LinearPrediction prediction({1, 0, 0, 2}, gap, 1);
  EXPECT_THROW(prediction.change_at({}, std::vector<double>{1, 2, 3}, 1.0), Error);
}

}  // namespace
}  // namespace thalweg
