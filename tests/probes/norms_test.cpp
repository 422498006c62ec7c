#include "probes/norms.hpp"

#include <gtest/gtest.h>

#include <cmath>

#include "objectives/analytic/analytic.hpp"
#include "objectives/composed/double_precision.hpp"
#include "support/measured.hpp"
#include "support/tiny_problem.hpp"

namespace thalweg {
namespace {

using testing::detail;
using testing::scalar;
using testing::TinyProblem;

// Where an objective tells of no blocks there is one, of everything.
TEST(Norms, OfABowlAreKnown) {
  const auto world = Communicator::duplicate(MPI_COMM_WORLD);
  AnalyticObjective bowl(world, 2, quadratic({2, 0, 0, 1}, {0, 0}));
  Norms probe;
  probe.begin(bowl, std::vector<double>{3, 1}, {});
  const auto found = probe.measure(bowl, std::vector<double>{6, 5}, {});
  EXPECT_NEAR(scalar(found, "parameter_norm"), std::sqrt(61.0), 1e-14);
  EXPECT_NEAR(scalar(found, "gradient_norm"), 13.0, 1e-14);
  EXPECT_EQ(scalar(found, "distance_from_start"), 5.0);
  EXPECT_EQ(detail<std::string>(found, "block_name"), std::vector<std::string>{"parameters"});
  EXPECT_EQ(detail<double>(found, "block_size"), std::vector<double>{2.0});
  EXPECT_EQ(detail<double>(found, "block_distance_from_start"), std::vector<double>{5.0});
}

// Blocks of a net by plain sums over the parameters the network names, on part of the samples.
TEST(Norms, OfANetAreThoseOfItsBlocks) {
  const auto world = Communicator::duplicate(MPI_COMM_WORLD);
  TinyProblem<double> problem(world, BatchNormKind::batch);
  const auto blocks = problem.objective.network().parameters();
  const std::vector<std::int64_t> samples{3, 1, 4, 15, 9, 2, 6, 5};
  auto start = problem.point;
  for (std::size_t i = 0; i < start.size(); ++i) start[i] += 0.01 * static_cast<double>(i % 5);
  Norms probe;
  probe.begin(problem.objective, start, samples);
  const auto found = probe.measure(problem.objective, problem.point, samples);
  const auto gradient = problem.gradient(samples);
  const auto names = detail<std::string>(found, "block_name");
  const auto of_parameters = detail<double>(found, "block_parameter_norm");
  const auto of_gradient = detail<double>(found, "block_gradient_norm");
  const auto of_way = detail<double>(found, "block_distance_from_start");
  EXPECT_GT(blocks.size(), 4U);
  EXPECT_EQ(names.size(), blocks.size());
  double all = 0.0;
  for (std::size_t b = 0; b < blocks.size(); ++b) {
    EXPECT_EQ(names[b], blocks[b].name);
    double parameters = 0.0;
    double slope = 0.0;
    double way = 0.0;
    for (std::int64_t k = 0; k < blocks[b].count(); ++k) {
      const auto i = static_cast<std::size_t>(blocks[b].offset + k);
      parameters += problem.point[i] * problem.point[i];
      slope += gradient[i] * gradient[i];
      way += (problem.point[i] - start[i]) * (problem.point[i] - start[i]);
    }
    EXPECT_NEAR(of_parameters[b], std::sqrt(parameters), 1e-13) << names[b];
    EXPECT_NEAR(of_gradient[b], std::sqrt(slope), 1e-13) << names[b];
    EXPECT_NEAR(of_way[b], std::sqrt(way), 1e-13) << names[b];
    all += of_gradient[b] * of_gradient[b];
  }
  EXPECT_NEAR(scalar(found, "gradient_norm"), std::sqrt(all), 1e-13);
}

TEST(Norms, OfANetHaveTheSameBitsOnAnyNumberOfRanks) {
  const auto world = Communicator::duplicate(MPI_COMM_WORLD);
  const auto self = Communicator::duplicate(MPI_COMM_SELF);
  const auto measure = [](const Communicator& comm) {
    TinyProblem<float> problem(comm, BatchNormKind::batch, LossKind::cross_entropy, {40, 30});
    DoublePrecision<float> widened(problem.objective);
    const std::vector<double> x(problem.point.begin(), problem.point.end());
    Norms probe;
    probe.begin(widened, std::vector<double>(x.size(), 0.1), {});
    const auto found = probe.measure(widened, x, {});
    EXPECT_GT(detail<std::string>(found, "block_name").size(), 4U);
    return testing::numbers(found);
  };
  EXPECT_EQ(measure(world), measure(self));
}

TEST(Norms, NeedTheBeginning) {
  const auto world = Communicator::duplicate(MPI_COMM_WORLD);
  AnalyticObjective bowl(world, 2, quadratic({2, 0, 0, 1}, {0, 0}));
  Norms probe;
  EXPECT_THROW(probe.measure(bowl, std::vector<double>{1, 2}, {}), Error);
}

}  // namespace
}  // namespace thalweg
