#include <fmt/format.h>
#include <gtest/gtest.h>

#include "objectives/factors/matrix_factorization.hpp"
#include "objectives/factors/sparse_factorization.hpp"
#include "support/factor_harness.hpp"

namespace thalweg {
namespace {

// One, two, three and five shards: with six ranks, some have none.
const std::vector<FactorChain> kChains{
    FactorChain(300, 70, 1),    FactorChain(1100, 7, 1),    FactorChain(300, 70, 2),
    FactorChain(600, 40, 2, 9), FactorChain(40, 600, 2),    FactorChain(600, 40, 3),
    FactorChain(300, 70, 3, 5), FactorChain(1100, 7, 3, 8), FactorChain(600, 23, 4)};

/// Losses, then gradients, then products with the Hessian.
template <class Problem, class Real>
std::vector<std::vector<Real>> results(Problem& objective, double* losses) {
  const auto x = testing::random_vector<Real>(objective.dimension(), 2, 0.4);
  const auto v = testing::random_vector<Real>(objective.dimension(), 3);
  const std::vector<std::int64_t> some{3, 40, 3, 7, 1};
  std::vector<std::vector<Real>> all;
  for (const Subset subset : {Subset{}, Subset{some}}) {
    *losses++ = objective.value(x, subset);
    all.push_back(testing::whole_gradient(objective, x, subset));
    all.push_back(testing::whole_curvature(objective, x, v, subset));
  }
  return all;
}

template <class Real, template <class> class Problem, class Observations>
void expect_the_bits_of_one_rank(const FactorChain& chain, const Observations& observations,
                                 ResidualLoss loss) {
  const auto world = Communicator::duplicate(MPI_COMM_WORLD);
  const auto self = Communicator::duplicate(MPI_COMM_SELF);
  Problem<Real> together(world, chain, observations, loss);
  Problem<Real> alone(self, chain, observations, loss);
  std::vector<double> losses(4);
  const auto found = results<Problem<Real>, Real>(together, losses.data());
  const auto expected = results<Problem<Real>, Real>(alone, losses.data() + 2);
  const auto what = fmt::format("{} x {}, depth {}, exponent {}", chain.rows(), chain.columns(),
                                chain.depth(), loss.exponent);
  EXPECT_EQ(losses[0], losses[2]) << what;
  EXPECT_EQ(losses[1], losses[3]) << what;
  for (std::size_t k = 0; k < found.size(); ++k) {
    EXPECT_TRUE(testing::same_bits(found[k], expected[k])) << what << ", result " << k;
  }
}

template <class Real, template <class> class Problem>
void expect_the_bits_of_one_rank(double share) {
  for (const auto& chain : kChains) {
    const auto entries = testing::random_entries(chain.rows(), chain.columns(), share, 1);
    for (const double exponent : {2.0, 4.0}) {
      expect_the_bits_of_one_rank<Real, Problem>(chain, entries, ResidualLoss{exponent, 0.5, true});
    }
  }
}

TEST(FactorizationIdentity, OfTheWholeMatrix) {
  expect_the_bits_of_one_rank<float, MatrixFactorization>(0.4);
  expect_the_bits_of_one_rank<double, MatrixFactorization>(0.4);
}

// Few enough that some rows and columns have none.
TEST(FactorizationIdentity, OfFewEntries) {
  for (const double share : {0.05, 0.01}) {
    expect_the_bits_of_one_rank<float, SparseFactorization>(share);
    expect_the_bits_of_one_rank<double, SparseFactorization>(share);
  }
}

TEST(FactorizationIdentity, OfMeasurements) {
  for (const int depth : {1, 2, 3}) {
    const FactorChain chain(300, 20, depth, 12);
    const Measurements seen{testing::random_vector(50 * 6000, 5), testing::random_vector(50, 6)};
    for (const double exponent : {2.0, 4.0}) {
      const ResidualLoss loss{exponent, 0.5, false};
      expect_the_bits_of_one_rank<float, MatrixFactorization>(chain, seen, loss);
      expect_the_bits_of_one_rank<double, MatrixFactorization>(chain, seen, loss);
    }
  }
}

}  // namespace
}  // namespace thalweg
