#include "objectives/factors/matrix_factorization.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <cmath>
#include <string>

#include "base/error.hpp"
#include "support/factor_harness.hpp"

namespace thalweg {
namespace {

using testing::distance;
using testing::random_vector;
using testing::whole_curvature;
using testing::whole_gradient;

const std::vector<FactorChain> kFactorisations{FactorChain(5, 4, 1),    FactorChain(6, 4, 2),
                                               FactorChain(4, 7, 2, 3), FactorChain(4, 5, 2, 9),
                                               FactorChain(5, 6, 3),    FactorChain(6, 4, 3, 7),
                                               FactorChain(3, 3, 4),    FactorChain(5, 6, 4, 2)};
const std::vector<ResidualLoss> kLosses{
    {2.0, 1.0, true}, {2.0, 0.5, false}, {4.0, 1.0, true}, {4.0, 0.25, false}};

std::string describe(const FactorChain& chain, const ResidualLoss& loss) {
  return fmt::format("{} x {}, depth {}, hidden {}, exponent {}, mean {}", chain.rows(),
                     chain.columns(), chain.depth(), chain.size(1), loss.exponent, loss.mean);
}

/// Calls test(chain, loss, objective, what it is) for entries and for measurements.
template <class Real, class Test>
void for_each_problem(const Communicator& team, Test&& test) {
  for (const auto& chain : kFactorisations) {
    for (const auto& loss : kLosses) {
      const auto entries = testing::random_entries(chain.rows(), chain.columns(), 0.6, 1);
      MatrixFactorization<Real> observed(team, chain, entries, loss);
      test(chain, observed, describe(chain, loss) + ", entries");
      const std::int64_t count = 7;
      const Measurements seen{random_vector(count * chain.rows() * chain.columns(), 2, 0.5),
                              random_vector(count, 3)};
      MatrixFactorization<Real> measured(team, chain, seen, loss);
      test(chain, measured, describe(chain, loss) + ", measurements");
    }
  }
}

class Factorization : public ::testing::Test {
 protected:
  Communicator world_ = Communicator::duplicate(MPI_COMM_WORLD);
};

/// By the definition: paths through the factors.
double element(const FactorChain& chain, const std::vector<double>& x, int j, std::int64_t i,
               std::int64_t column) {
  const auto at = [&](std::int64_t r, std::int64_t c) {
    const std::int64_t place =
        chain.transposed(j) ? c * chain.size(j - 1) + r : r * chain.size(j) + c;
    return x[static_cast<std::size_t>(chain.offset(j) + place)];
  };
  if (j == chain.depth()) return at(i, column);
  double sum = 0.0;
  for (std::int64_t k = 0; k < chain.size(j); ++k) {
    sum += at(i, k) * element(chain, x, j + 1, k, column);
  }
  return sum;
}

TEST_F(Factorization, ValueIsThatOfPlainLoops) {
  for (const auto& chain : kFactorisations) {
    const auto x = random_vector(chain.parameters(), 4, 0.7);
    const auto w = product_of<double>(chain, x);
    const auto entries = testing::random_entries(chain.rows(), chain.columns(), 0.6, 1);
    const std::int64_t elements = chain.rows() * chain.columns();
    const Measurements seen{random_vector(3 * elements, 2), random_vector(3, 3)};
    for (const auto& loss : kLosses) {
      double of_entries = 0.0;
      for (std::size_t k = 0; k < entries.value.size(); ++k) {
        const double found = element(chain, x, 1, entries.row[k], entries.column[k]);
        const auto at = static_cast<std::size_t>(entries.row[k] * chain.columns());
        EXPECT_NEAR(w[at + static_cast<std::size_t>(entries.column[k])], found, 1e-13);
        of_entries += std::pow(std::abs(found - entries.value[k]), loss.exponent);
      }
      double measured = 0.0;
      for (std::size_t k = 0; k < 3; ++k) {
        double r = -seen.values[k];
        for (std::size_t i = 0; i < w.size(); ++i) r += seen.matrices[k * w.size() + i] * w[i];
        measured += std::pow(std::abs(r), loss.exponent);
      }
      const auto factor = [&](std::int64_t count) {
        return loss.mean ? loss.factor / static_cast<double>(count) : loss.factor;
      };
      MatrixFactorization<double> a(world_, chain, entries, loss);
      EXPECT_NEAR(a.value(x, {}) / (factor(entries.size()) * of_entries), 1.0, 1e-12)
          << describe(chain, loss);
      MatrixFactorization<double> b(world_, chain, seen, loss);
      EXPECT_NEAR(b.value(x, {}) / (factor(3) * measured), 1.0, 1e-12) << describe(chain, loss);
    }
  }
}

TEST_F(Factorization, GradientIsThatOfDifferences) {
  for_each_problem<double>(
      world_, [](const FactorChain& chain, auto& objective, const std::string& what) {
        auto x = random_vector(chain.parameters(), 4, 0.7);
        std::vector<double> slice(static_cast<std::size_t>(objective.space().slice().size()));
        EXPECT_EQ(objective.gradient(x, {}, slice), objective.value(x, {})) << what;
        const auto gradient = testing::whole_of(objective.space(), slice);
        std::vector<double> differences;
        constexpr double h = 1e-5;
        for (auto& coordinate : x) {
          const double kept = coordinate;
          coordinate = kept + h;
          const double above = objective.value(x, {});
          coordinate = kept - h;
          differences.push_back((above - objective.value(x, {})) / (2.0 * h));
          coordinate = kept;
        }
        EXPECT_LT(distance(gradient, differences), 1e-8) << what;
      });
}

TEST_F(Factorization, CurvatureIsThatOfDifferencesOfGradients) {
  for_each_problem<double>(
      world_, [](const FactorChain& chain, auto& objective, const std::string& what) {
        const auto x = random_vector(chain.parameters(), 4, 0.7);
        for (const std::uint64_t index : {5U, 6U}) {
          const auto v = random_vector(chain.parameters(), index);
          constexpr double h = 1e-5;
          auto above = x;
          auto below = x;
          for (std::size_t i = 0; i < x.size(); ++i) {
            above[i] += h * v[i];
            below[i] -= h * v[i];
          }
          auto differences = whole_gradient(objective, above);
          const auto other = whole_gradient(objective, below);
          for (std::size_t i = 0; i < x.size(); ++i) {
            differences[i] = (differences[i] - other[i]) / (2.0 * h);
          }
          EXPECT_LT(distance(whole_curvature(objective, x, v), differences), 1e-7) << what;
        }
      });
}

TEST_F(Factorization, Float32IsNearFloat64) {
  std::vector<std::vector<double>> wide;
  for_each_problem<double>(world_, [&](const FactorChain& chain, auto& objective, auto&&) {
    const auto x = testing::widened(random_vector<float>(chain.parameters(), 4, 0.7));
    const auto v = testing::widened(random_vector<float>(chain.parameters(), 5));
    wide.push_back({objective.value(x, {})});
    wide.push_back(whole_gradient(objective, x));
    wide.push_back(whole_curvature(objective, x, v));
  });
  std::size_t next = 0;
  for_each_problem<float>(world_, [&](const FactorChain& chain, auto& objective,
                                      const std::string& what) {
    const auto x = random_vector<float>(chain.parameters(), 4, 0.7);
    const auto v = random_vector<float>(chain.parameters(), 5);
    EXPECT_LT(distance({objective.value(x, {})}, wide[next++]), 2e-6) << what;
    EXPECT_LT(distance(testing::widened(whole_gradient(objective, x)), wide[next++]), 2e-6) << what;
    EXPECT_LT(distance(testing::widened(whole_curvature(objective, x, v)), wide[next++]), 2e-6)
        << what;
  });
}

TEST_F(Factorization, TellsItsBlocks) {
  MatrixFactorization<double> objective(world_, FactorChain(4, 6, 2, 3),
                                        testing::random_entries(4, 6, 1.0, 1), {});
  EXPECT_EQ(objective.sample_count(), 24);
  EXPECT_EQ(objective.dimension(), 30);
  const auto blocks = parameter_blocks_of<double>(objective);
  ASSERT_EQ(blocks.size(), 2U);
  EXPECT_EQ(blocks[1].name, "factor2");
  EXPECT_EQ(parameter_count(blocks), 30);
}

}  // namespace
}  // namespace thalweg
