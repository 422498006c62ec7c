// Products with the Hessian keep the derivatives at their point: what they give is the same as if
// they did not, whatever happened in between.
#include <gtest/gtest.h>

#include <functional>

#include "objectives/support.hpp"

namespace thalweg {
namespace {

using testing::layered;
using testing::LayeredProblem;

using Problem = LayeredProblem<double>;

const std::vector<std::int64_t> kSome{3, 17, 20, 41, 8, 30, 29, 11, 0};

ModelOptions model(BatchNormKind norm) {
  return layered({"conv 4 3", "norm", "relu", "block", "conv 4 3", "norm", "tanh", "end", "gap"},
                 norm, norm == BatchNormKind::ghost ? std::int64_t{4} : 0);
}

/// The product at one point, computed where nothing is kept: after another forward pass.
std::vector<double> product_anew(Problem& problem, std::uint64_t direction, Subset subset = {}) {
  static_cast<void>(
      problem.objective.evaluate(problem.point, problem.data.test, Statistics::frozen));
  return problem.hessian_vector(direction, subset);
}

class KeptLinearisation : public ::testing::TestWithParam<BatchNormKind> {};

TEST_P(KeptLinearisation, GivesTheBitsOfOneMadeAnew) {
  const auto world = Communicator::duplicate(MPI_COMM_WORLD);
  for (const auto statistics : {Statistics::batch, Statistics::frozen}) {
    Problem problem(world, model(GetParam()));
    problem.objective.set_statistics(statistics);
    std::vector<std::vector<double>> kept;
    for (std::uint64_t k = 0; k < 3; ++k) kept.push_back(problem.hessian_vector(k));
    const auto passes = problem.objective.network().passes();
    EXPECT_EQ(problem.hessian_vector(0), kept[0]);
    EXPECT_EQ(problem.objective.network().passes(), passes);
    for (std::uint64_t k = 0; k < 3; ++k) EXPECT_EQ(product_anew(problem, k), kept[k]);
  }
}

TEST_P(KeptLinearisation, FollowsEveryChange) {
  const auto world = Communicator::duplicate(MPI_COMM_WORLD);
  struct Change {
    const char* what;
    std::function<void(Problem&)> make;
    Subset subset;
    bool matters;
  };
  const bool has_norm = GetParam() != BatchNormKind::none;
  const std::vector<Change> changes{
      {"subset", [](Problem&) {}, kSome, true},
      {"statistics",
       [](Problem& problem) { problem.objective.set_statistics(Statistics::frozen); },
       {},
       GetParam() == BatchNormKind::ghost},
      {"labels",
       [](Problem& problem) {
         const auto own = problem.data.train.labels();
         problem.objective.relabel_training({own.rbegin(), own.rend()});
       },
       {},
       true},
      {"point", [](Problem& problem) { problem.point[3] += 0.25; }, {}, true},
      {"point of a step",
       [](Problem& problem) {
         auto slice = problem.slice();
         static_cast<void>(problem.objective.training_gradient(problem.point, kSome, slice));
       },
       {},
       false},
      {"gradient of others",
       [](Problem& problem) {
         auto slice = problem.slice();
         static_cast<void>(problem.objective.gradient(problem.point, kSome, slice));
       },
       {},
       false},
      {"averages under frozen statistics",
       [](Problem& problem) {
         problem.objective.set_statistics(Statistics::frozen);
         static_cast<void>(problem.hessian_vector(0));
         auto buffers = problem.objective.network().buffers();
         for (auto& value : buffers) value = 0.5 * value + 0.25;
         problem.objective.network().set_buffers(buffers);
       },
       {},
       has_norm},
  };
  for (const auto& change : changes) {
    Problem kept(world, model(GetParam()));
    const auto before = kept.hessian_vector(0);
    change.make(kept);
    const auto after = kept.hessian_vector(0, change.subset);
    if (change.matters) {
      EXPECT_NE(after, before) << change.what;
    } else if (!has_norm) {
      EXPECT_EQ(after, before) << change.what;
    }
    Problem fresh(world, model(GetParam()));
    change.make(fresh);
    EXPECT_EQ(after, product_anew(fresh, 0, change.subset)) << change.what;
  }
}

INSTANTIATE_TEST_SUITE_P(All, KeptLinearisation,
                         ::testing::Values(BatchNormKind::none, BatchNormKind::batch,
                                           BatchNormKind::ghost));

}  // namespace
}  // namespace thalweg
