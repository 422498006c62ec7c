// A limit of memory cuts batches into pieces and changes no bit.
#include <gtest/gtest.h>

#include "objectives/support.hpp"

namespace thalweg {
namespace {

using testing::layered;
using testing::LayeredProblem;

const std::vector<std::string> kLayers{"conv 4 3", "norm",        "relu", "maxpool 2", "flatten",
                                       "dense 9",  "dropout 0.4", "norm", "tanh"};
constexpr std::int64_t kNone = std::int64_t{2} << 30;

template <class Real>
struct Found {
  double value;
  double trained_value;
  std::vector<Real> gradient, product, outputs, jacobian, transposed, trained;
  bool operator==(const Found&) const = default;
};

template <class Real>
Found<Real> found_with(const Communicator& team, BatchNormKind norm, Statistics statistics,
                       std::int64_t bytes) {
  LayeredProblem<Real> problem(
      team, layered(kLayers, norm, norm == BatchNormKind::ghost ? std::int64_t{4} : 0));
  auto& objective = problem.objective;
  objective.set_statistics(statistics);
  objective.limit_memory(bytes);
  const auto& x = problem.point;
  Found<Real> found{};
  found.value = objective.value(x, {});
  auto slice = problem.slice();
  EXPECT_EQ(objective.gradient(x, {}, slice), found.value);
  found.gradient = problem.whole(slice);
  found.product = problem.hessian_vector(0);
  found.outputs = objective.outputs(x, {});
  found.jacobian = objective.jacobian_product(x, problem.direction(1, x.size()), {});
  objective.transposed_jacobian_product(x, problem.direction(2, found.outputs.size()), {}, slice);
  found.transposed = problem.whole(slice);
  std::vector<std::int64_t> batch(43);
  for (std::size_t i = 0; i < batch.size(); ++i) batch[i] = static_cast<std::int64_t>(49 - i);
  found.trained_value = objective.training_gradient(x, batch, slice, {7, 3, 1});
  found.trained = problem.whole(slice);
  return found;
}

template <class Real>
void limits_change_no_bit(BatchNormKind norm, Statistics statistics) {
  const auto world = Communicator::duplicate(MPI_COMM_WORLD);
  const auto self = Communicator::duplicate(MPI_COMM_SELF);
  const auto expected = found_with<Real>(self, norm, statistics, kNone);
  EXPECT_EQ(found_with<Real>(world, norm, statistics, kNone), expected);
  // One shard at a time; and some, the last piece smaller.
  for (const std::int64_t bytes : {std::int64_t{1}, std::int64_t{200'000}}) {
    EXPECT_EQ(found_with<Real>(world, norm, statistics, bytes), expected) << bytes << " bytes";
    EXPECT_EQ(found_with<Real>(self, norm, statistics, bytes), expected) << bytes << " bytes";
  }
}

TEST(LimitedMemory, ChangesNoBitWithoutBatchNorm) {
  limits_change_no_bit<double>(BatchNormKind::none, Statistics::batch);
  limits_change_no_bit<float>(BatchNormKind::none, Statistics::batch);
}

TEST(LimitedMemory, ChangesNoBitOfGhostGroups) {
  limits_change_no_bit<double>(BatchNormKind::ghost, Statistics::batch);
}

TEST(LimitedMemory, ChangesNoBitWithFrozenStatistics) {
  limits_change_no_bit<double>(BatchNormKind::batch, Statistics::frozen);
  limits_change_no_bit<double>(BatchNormKind::ghost, Statistics::frozen);
}

TEST(LimitedMemory, LeavesStatisticsOfTheWholeBatchAlone) {
  limits_change_no_bit<double>(BatchNormKind::batch, Statistics::batch);
}

// 50 samples are 7 shards of 8: as many forward passes where one fits, one where all fit.
TEST(LimitedMemory, CutsWhatDoesNotFit) {
  const auto self = Communicator::duplicate(MPI_COMM_SELF);
  LayeredProblem<double> problem(self, layered(kLayers, BatchNormKind::none));
  auto& objective = problem.objective;
  const auto passes_of = [&](auto&& compute) {
    const auto before = objective.network().passes();
    compute();
    return objective.network().passes() - before;
  };
  auto slice = problem.slice();
  const auto product = [&] { static_cast<void>(problem.hessian_vector(0)); };
  const auto gradient = [&] { static_cast<void>(objective.gradient(problem.point, {}, slice)); };
  const auto value = [&] { static_cast<void>(objective.value(problem.point, {})); };
  EXPECT_EQ(passes_of(value), 1U);
  EXPECT_EQ(passes_of(gradient), 1U);
  EXPECT_EQ(passes_of(product), 1U);
  EXPECT_EQ(passes_of(product), 0U);  // the linearisation is kept
  // Two shards of products fit, and so more of what holds less.
  using Holding = Network<double>::Holding;
  objective.limit_memory(objective.network().memory_bytes(16, Holding::products));
  EXPECT_EQ(passes_of(product), 4U);
  EXPECT_EQ(passes_of(product), 4U);  // of pieces none is kept
  objective.limit_memory(1);
  EXPECT_EQ(passes_of(value), 7U);
  EXPECT_EQ(passes_of(gradient), 7U);
  EXPECT_EQ(passes_of(product), 7U);
}

}  // namespace
}  // namespace thalweg
