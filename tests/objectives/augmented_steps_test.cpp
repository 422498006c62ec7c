// What is done to a sample depends on (seed, epoch, sample), not on the batch, shard or rank that
// it is in.
#include <gtest/gtest.h>

#include "objectives/support.hpp"

namespace thalweg {
namespace {

using testing::layered;
using testing::LayeredProblem;

using Problem = LayeredProblem<double>;

const std::vector<std::int64_t> kBatch{3, 17, 20, 41, 8, 30, 29, 11, 0, 49, 5};

struct Step {
  double loss;
  std::vector<double> gradient;
  bool operator==(const Step&) const = default;
};

Step step(const Communicator& team, const StepDraws& draws, Subset batch,
          const Augmentation& augmentation = {2, true}, std::int64_t shard = 8) {
  Problem problem(team, layered({"conv 4 3", "tanh", "flatten"}, BatchNormKind::none));
  problem.objective.set_shards(shard, shard);
  problem.objective.set_augmentation(augmentation);
  auto slice = problem.slice();
  const double loss = problem.objective.training_gradient(problem.point, batch, slice, draws);
  return {loss, problem.whole(slice)};
}

TEST(AugmentedSteps, HaveTheBitsOfOneRank) {
  const auto world = Communicator::duplicate(MPI_COMM_WORLD);
  const auto self = Communicator::duplicate(MPI_COMM_SELF);
  EXPECT_EQ(step(world, {5, 0, 2}, kBatch, {2, true}, 2),
            step(self, {5, 0, 2}, kBatch, {2, true}, 2));
}

TEST(AugmentedSteps, DependOnSeedAndEpochAndNotOnTheStep) {
  const auto world = Communicator::duplicate(MPI_COMM_WORLD);
  const auto first = step(world, {5, 0, 2}, kBatch);
  EXPECT_EQ(step(world, {5, 9, 2}, kBatch), first);
  EXPECT_NE(step(world, {5, 0, 3}, kBatch).loss, first.loss);
  EXPECT_NE(step(world, {6, 0, 2}, kBatch).loss, first.loss);
}

// Of a mean over samples each part is the sample's own: alone it is augmented as in the batch.
TEST(AugmentedSteps, TreatASampleAloneAsInAnyBatch) {
  const auto world = Communicator::duplicate(MPI_COMM_WORLD);
  const StepDraws draws{5, 1, 2};
  Step mean{0.0, {}};
  for (const auto& sample : kBatch) {
    const auto alone = step(world, draws, Subset(&sample, 1));
    mean.loss += alone.loss / static_cast<double>(kBatch.size());
    mean.gradient.resize(alone.gradient.size());
    for (std::size_t i = 0; i < alone.gradient.size(); ++i) {
      mean.gradient[i] += alone.gradient[i] / static_cast<double>(kBatch.size());
    }
  }
  const std::vector<std::int64_t> reversed(kBatch.rbegin(), kBatch.rend());
  for (const auto& batch : {kBatch, reversed}) {
    for (const std::int64_t shard : {2, 8}) {
      const auto found = step(world, draws, batch, {2, true}, shard);
      EXPECT_NEAR(found.loss, mean.loss, 1e-12);
      for (std::size_t i = 0; i < mean.gradient.size(); ++i) {
        EXPECT_NEAR(found.gradient[i], mean.gradient[i], 1e-12);
      }
    }
  }
}

TEST(AugmentedSteps, ThatAreNotAugmentedAreGradients) {
  const auto world = Communicator::duplicate(MPI_COMM_WORLD);
  Problem problem(world, layered({"conv 4 3", "tanh", "flatten"}, BatchNormKind::none));
  auto slice = problem.slice();
  const double loss = problem.objective.gradient(problem.point, kBatch, slice);
  const auto plain = step(world, {5, 0, 2}, kBatch, {});
  EXPECT_EQ(plain, (Step{loss, problem.whole(slice)}));
  EXPECT_NE(step(world, {5, 0, 2}, kBatch).loss, loss);
}

// Evaluations see the samples as they are, also after augmented steps.
TEST(AugmentedSteps, LeaveEvaluationsAlone) {
  const auto world = Communicator::duplicate(MPI_COMM_WORLD);
  Problem problem(world, layered({"conv 4 3", "tanh", "flatten"}, BatchNormKind::none));
  const double before = problem.objective.value(problem.point, kBatch);
  problem.objective.set_augmentation({2, true});
  auto slice = problem.slice();
  static_cast<void>(problem.objective.training_gradient(problem.point, kBatch, slice, {5, 0, 2}));
  EXPECT_EQ(problem.objective.value(problem.point, kBatch), before);
  EXPECT_EQ(problem.objective.gradient(problem.point, kBatch, slice), before);
}

}  // namespace
}  // namespace thalweg
