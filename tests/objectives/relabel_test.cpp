#include <gtest/gtest.h>

#include "base/error.hpp"
#include "objectives/network/network_loss.hpp"
#include "support/tiny_problem.hpp"

namespace thalweg {
namespace {

using testing::TinyProblem;

/// The class that the network itself gives to every training sample.
std::vector<std::int32_t> own_answers(TinyProblem<double>& problem) {
  const auto outputs = problem.objective.outputs(problem.point, {});
  const auto classes = static_cast<std::size_t>(problem.data.train.classes());
  std::vector<std::int32_t> answers;
  for (std::size_t i = 0; i < outputs.size(); i += classes) {
    const auto begin = outputs.begin() + static_cast<std::ptrdiff_t>(i);
    const auto best = std::max_element(begin, begin + static_cast<std::ptrdiff_t>(classes));
    answers.push_back(static_cast<std::int32_t>(best - begin));
  }
  return answers;
}

TEST(RelabelTraining, EveryFunctionAboutTrainingSamplesFollows) {
  const auto world = Communicator::duplicate(MPI_COMM_WORLD);
  TinyProblem<double> problem(world, BatchNormKind::none);
  auto& objective = problem.objective;
  const auto& data = problem.data;
  const double before = objective.value(problem.point, {});
  const auto test = objective.evaluate(problem.point, data.test, Statistics::frozen);
  const auto answers = own_answers(problem);
  objective.relabel_training(answers);

  const auto train = objective.evaluate(problem.point, data.train, Statistics::frozen);
  EXPECT_EQ(train.accuracy, 1.0);
  EXPECT_NE(objective.value(problem.point, {}), before);
  const std::vector<std::int64_t> some{3, 40, 7};
  EXPECT_EQ(objective.evaluate(problem.point, data.train, Statistics::frozen, some).accuracy, 1.0);
  const auto targets = objective.targets(some);
  const auto classes = static_cast<std::size_t>(data.train.classes());
  for (std::size_t i = 0; i < some.size(); ++i) {
    const auto label = static_cast<std::size_t>(answers[static_cast<std::size_t>(some[i])]);
    EXPECT_GT(targets[i * classes + label], 0.0);
  }
  // A training step sees them too: the same gradient by both ways.
  std::vector<double> step(static_cast<std::size_t>(objective.space().slice().size()));
  std::vector<double> whole(step);
  EXPECT_EQ(objective.training_gradient(problem.point, some, step),
            objective.gradient(problem.point, some, whole));
  EXPECT_EQ(step, whole);
  EXPECT_EQ(objective.evaluate(problem.point, data.test, Statistics::frozen).loss, test.loss);

  objective.relabel_training({});
  EXPECT_EQ(objective.value(problem.point, {}), before);
}

TEST(RelabelTraining, AnotherNumberOfLabelsIsRefused) {
  const auto world = Communicator::duplicate(MPI_COMM_WORLD);
  TinyProblem<double> problem(world);
  EXPECT_THROW(problem.objective.relabel_training({1, 2, 3}), Error);
}

}  // namespace
}  // namespace thalweg
