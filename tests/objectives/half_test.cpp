#include <gtest/gtest.h>

#include "base/error.hpp"
#include "objectives/network/network_loss.hpp"
#include "support/tiny_problem.hpp"

namespace thalweg {
namespace {

using testing::TinyProblem;

std::vector<std::int64_t> first(std::int64_t n) {
  std::vector<std::int64_t> samples;
  for (std::int64_t i = 0; i < n; ++i) samples.push_back(i);
  return samples;
}

/// Everything that the objective says of the half it is about, one number after another.
std::vector<double> everything(TinyProblem<double>& problem, Subset subset) {
  auto& objective = problem.objective;
  const auto& x = problem.point;
  const auto n = static_cast<double>(objective.sample_count());
  std::vector<double> all{n, objective.value(x, subset)};
  const auto append = [&](const std::vector<double>& more) {
    all.insert(all.end(), more.begin(), more.end());
  };
  append(problem.gradient(subset));
  append(problem.hessian_vector(x, subset));
  const auto f = objective.outputs(x, subset);
  append(f);
  append(objective.jacobian_product(x, x, subset));
  std::vector<double> slice(static_cast<std::size_t>(objective.space().slice().size()));
  objective.transposed_jacobian_product(x, f, subset, slice);
  append(problem.whole(slice));
  append(objective.tangent_kernel(x, subset));
  append(objective.targets(subset));
  append(objective.squared_gradient_distances(x, {}, subset));
  return all;
}

// The other half as the training half of a problem of its own: the same numbers, bit for bit, and
// the training half's again afterwards.
TEST(Half, OfTestSamplesIsTheLossOverThem) {
  const auto world = Communicator::duplicate(MPI_COMM_WORLD);
  TinyProblem<double> problem(world, BatchNormKind::none);
  const auto before = everything(problem, {});
  auto swapped = TinyProblem<double>(world, BatchNormKind::none);
  std::swap(swapped.data.train, swapped.data.test);
  problem.objective.set_half(Half::test);
  EXPECT_EQ(problem.objective.sample_count(), 20);
  EXPECT_EQ(everything(problem, {}), everything(swapped, {}));
  const auto some = first(7);
  EXPECT_EQ(everything(problem, some), everything(swapped, some));
  EXPECT_EQ(problem.objective.value(problem.point, {}),
            problem.objective.evaluate(problem.point, problem.data.test, Statistics::batch).loss);
  problem.objective.set_half(Half::train);
  EXPECT_EQ(everything(problem, {}), before);
}

// Labels in place of the training set's are those of single samples' gradients too, and no others'.
TEST(Half, LabelsInPlaceAreOfTheTrainingHalfAlone) {
  const auto world = Communicator::duplicate(MPI_COMM_WORLD);
  TinyProblem<double> problem(world, BatchNormKind::none);
  auto& objective = problem.objective;
  objective.set_half(Half::test);
  const auto of_test = everything(problem, {});
  objective.relabel_training(std::vector<std::int32_t>(50, 3));
  EXPECT_EQ(everything(problem, {}), of_test);
  objective.set_half(Half::train);
  const std::vector<std::int64_t> some{3, 40, 7};
  const auto squares = objective.squared_gradient_distances(problem.point, {}, some);
  for (std::size_t i = 0; i < some.size(); ++i) {
    const auto g = problem.gradient(Subset(&some[i], 1));
    double square = 0.0;
    for (const double value : g) square += value * value;
    EXPECT_NEAR(squares[i], square, 1e-12 * square);
  }
}

}  // namespace
}  // namespace thalweg
