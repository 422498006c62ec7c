#include <gtest/gtest.h>

#include <cmath>

#include "objectives/factors/end_to_end.hpp"
#include "objectives/factors/factor_balance.hpp"
#include "objectives/factors/matrix_factorization.hpp"
#include "optimizers/flow/gradient_flow.hpp"
#include "optimizers/flow_support.hpp"
#include "optimizers/stepper.hpp"
#include "support/factor_harness.hpp"

namespace thalweg {
namespace {

using test::at;
using test::tolerances;

constexpr ResidualLoss kHalfSum{2.0, 0.5, false};

class LinearNetFlow : public ::testing::Test {
 protected:
  /// Where gradient descent in so many equal steps is after `time`.
  static std::vector<double> descended(MatrixFactorization<double>& objective,
                                       std::vector<double> w, double time, int steps) {
    Stepper<double> stepper(objective.space(), {}, {});
    for (int k = 0; k < steps; ++k) {
      stepper.step(w, time / steps, [&](std::span<const double> x, std::span<double> gradient) {
        return objective.gradient(x, {}, gradient);
      });
    }
    return w;
  }

  /// The flow of the product itself, for balanced factors.
  std::vector<double> end_to_end(const FactorChain& chain, const MatrixEntries& entries,
                                 const std::vector<double>& start, double time) {
    MatrixFactorization<double> loss(world_, FactorChain(chain.rows(), chain.columns(), 1), entries,
                                     kHalfSum);
    const VectorSpace& space = loss.space();
    Flow flow(space, tolerances(1e-9, 1e-12), [&](auto w, std::span<double> slope) {
      const double value = loss.gradient(w, {}, slope);
      const auto gradient =
          testing::whole_of(space, std::vector<double>(slope.begin(), slope.end()));
      const auto velocity =
          end_to_end_velocity(chain.rows(), chain.columns(), chain.depth(), w, gradient);
      const auto mine = space.slice_of(std::span<const double>(velocity));
      std::copy(mine.begin(), mine.end(), slope.begin());
      return value;
    });
    flow.begin(0.0, start);
    while (flow.time() < time) flow.step(time);
    return test::copy(flow.point());
  }

  Communicator world_ = Communicator::duplicate(MPI_COMM_WORLD);
};

// ½‖W − M‖² from a balanced start with M's singular vectors: each singular value moves by itself.
TEST_F(LinearNetFlow, OfAFullyObservedMatrixIsInClosedForm) {
  const std::vector<double> target{2.0, 1.0, 0.5};
  const std::vector<double> start{0.01, 0.02, 0.9};
  const auto left = testing::orthonormal(4, 3, 1);
  const auto right = testing::orthonormal(3, 3, 2);
  const auto m = testing::composed(left, target, right);
  for (const int depth : {1, 2}) {
    const FactorChain chain(4, 3, depth);
    MatrixFactorization<double> objective(world_, chain, testing::some_entries(m, 3, 1.0, 1),
                                          kHalfSum);
    Flow flow(objective.space(), tolerances(1e-10, 1e-13), gradient_flow(objective, {}));
    flow.begin(0.0, testing::balanced_factors(chain, left, start, right));
    for (const double time : {0.5, 1.0, 2.0, 4.0, 8.0}) {
      while (flow.time() < time) flow.step();
      std::vector<double> values;
      for (std::size_t k = 0; k < 3; ++k) {
        const double s = target[k];
        const double grown = std::exp(2.0 * s * time);
        values.push_back(depth == 1 ? s + (start[k] - s) * std::exp(-time)
                                    : s * grown / (grown - 1.0 + s / start[k]));
      }
      const auto expected = testing::composed(left, values, right);
      const auto w = product_of<double>(chain, at(flow, time));
      for (std::size_t i = 0; i < w.size(); ++i) {
        EXPECT_NEAR(w[i], expected[i], 1e-8) << depth << ", " << time;
      }
    }
  }
}

// From an unbalanced start, with elements that nobody observed.
TEST_F(LinearNetFlow, ConservesTheImbalance) {
  const FactorChain chain(6, 5, 3, 4);
  MatrixFactorization<double> objective(world_, chain, testing::random_entries(6, 5, 0.6, 1),
                                        kHalfSum);
  const auto start = testing::random_vector(chain.parameters(), 4, 0.5);
  const auto joints = factor_joints<double>(chain, start);
  EXPECT_GT(imbalance(joints, {}), 1.0);
  for (const double tolerance : {1e-5, 1e-8, 1e-11}) {
    const auto end =
        follow_gradient_flow(objective, {}, start, 10.0, tolerances(tolerance, 0.1 * tolerance));
    EXPECT_LT(objective.value(end, {}), 0.01 * objective.value(start, {}));
    EXPECT_LT(imbalance(factor_joints<double>(chain, end), joints), 20.0 * tolerance);
  }
}

TEST_F(LinearNetFlow, DescentChangesTheImbalanceInProportionToItsRate) {
  const FactorChain chain(6, 5, 3, 4);
  MatrixFactorization<double> objective(world_, chain, testing::random_entries(6, 5, 0.6, 1),
                                        kHalfSum);
  const auto start = testing::random_vector(chain.parameters(), 4, 0.5);
  const auto joints = factor_joints<double>(chain, start);
  const auto drift = [&](int steps) {
    return imbalance(factor_joints<double>(chain, descended(objective, start, 1.0, steps)), joints);
  };
  const double coarse = drift(100);
  const double middle = drift(200);
  const double fine = drift(400);
  EXPECT_GT(coarse, 1e-4);
  EXPECT_NEAR(coarse / middle, 2.0, 0.2);
  EXPECT_NEAR(middle / fine, 2.0, 0.1);
}

TEST_F(LinearNetFlow, OfFactorsIsThatOfTheirProduct) {
  for (const int depth : {2, 3}) {
    for (const std::int64_t columns : {4, 8}) {
      const FactorChain chain(6, columns, depth);
      const auto entries = testing::random_entries(6, columns, 0.6, 1);
      MatrixFactorization<double> objective(world_, chain, entries, kHalfSum);
      const std::int64_t rank = chain.size(1);
      std::vector<double> values;
      for (std::int64_t k = 0; k < rank; ++k) values.push_back(0.3 / static_cast<double>(k + 1));
      const auto start = testing::balanced_factors(chain, testing::orthonormal(6, rank, 1), values,
                                                   testing::orthonormal(columns, rank, 2));
      constexpr double time = 4.0;
      const auto factors =
          follow_gradient_flow(objective, {}, start, time, tolerances(1e-9, 1e-12));
      EXPECT_LT(objective.value(factors, {}), 0.05 * objective.value(start, {}));
      EXPECT_LT(
          testing::distance(product_of<double>(chain, factors),
                            end_to_end(chain, entries, product_of<double>(chain, start), time)),
          1e-8)
          << depth << ", " << columns;
    }
  }
}

TEST_F(LinearNetFlow, DescentComesNearerInProportionToItsRate) {
  for (const int depth : {2, 3}) {
    const FactorChain chain(8, 6, depth);
    MatrixFactorization<double> objective(world_, chain, testing::random_entries(8, 6, 0.5, 1),
                                          {2.0, 1.0, true});
    const auto start = testing::random_vector(chain.parameters(), 4, 0.4);
    constexpr double time = 8.0;
    const auto flow = product_of<double>(
        chain, follow_gradient_flow(objective, {}, start, time, tolerances(1e-10, 1e-12)));
    const auto gap = [&](int steps) {
      return testing::distance(product_of<double>(chain, descended(objective, start, time, steps)),
                               flow);
    };
    const double coarse = gap(160);
    const double middle = gap(320);
    const double fine = gap(640);
    EXPECT_GT(coarse, 1e-4) << depth;
    EXPECT_NEAR(coarse / middle, 2.0, 0.2) << depth;
    EXPECT_NEAR(middle / fine, 2.0, 0.1) << depth;
  }
}

}  // namespace
}  // namespace thalweg
