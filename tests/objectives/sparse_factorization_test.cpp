#include "objectives/factors/sparse_factorization.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "objectives/factors/matrix_factorization.hpp"
#include "support/factor_harness.hpp"

namespace thalweg {
namespace {

using testing::distance;
using testing::random_vector;
using testing::whole_curvature;
using testing::whole_gradient;

class Sparse : public ::testing::Test {
 protected:
  Communicator world_ = Communicator::duplicate(MPI_COMM_WORLD);
};

// Rows and columns without entries, sizes that no vector register divides, one to five shards.
TEST_F(Sparse, IsTheFactorizationOfTheWholeMatrix) {
  const std::vector<FactorChain> chains{FactorChain(40, 70, 1),      FactorChain(300, 20, 1),
                                        FactorChain(40, 70, 2),      FactorChain(70, 40, 2, 3),
                                        FactorChain(600, 37, 2),     FactorChain(17, 500, 2, 21),
                                        FactorChain(300, 40, 3),     FactorChain(30, 60, 3, 35),
                                        FactorChain(1100, 12, 3, 9), FactorChain(280, 19, 4)};
  for (const auto& chain : chains) {
    const auto entries = testing::random_entries(chain.rows(), chain.columns(), 0.03, 1);
    EXPECT_TRUE(is_sparse(entries.size(), chain.rows(), chain.columns()));
    const auto x = random_vector(chain.parameters(), 2, 0.4);
    const auto v = random_vector(chain.parameters(), 3);
    std::vector<std::int64_t> some;
    for (std::int64_t k = 0; k < entries.size(); k += 3) some.push_back(entries.size() - 1 - k);
    some.push_back(some.front());
    for (const ResidualLoss loss : {ResidualLoss{2.0, 1.0, true}, ResidualLoss{4.0, 0.5, false}}) {
      MatrixFactorization<double> whole(world_, chain, entries, loss);
      SparseFactorization<double> sparse(world_, chain, entries, loss);
      EXPECT_EQ(sparse.dimension(), whole.dimension());
      EXPECT_EQ(sparse.sample_count(), whole.sample_count());
      for (const Subset subset : {Subset{}, Subset{some}}) {
        const auto what =
            fmt::format("{} x {}, depth {}, exponent {}, {} of {}", chain.rows(), chain.columns(),
                        chain.depth(), loss.exponent, subset.size(), entries.size());
        EXPECT_NEAR(sparse.value(x, subset) / whole.value(x, subset), 1.0, 1e-12) << what;
        EXPECT_LT(distance(whole_gradient(sparse, x, subset), whole_gradient(whole, x, subset)),
                  1e-12)
            << what;
        EXPECT_LT(
            distance(whole_curvature(sparse, x, v, subset), whole_curvature(whole, x, v, subset)),
            1e-12)
            << what;
      }
    }
  }
}

TEST_F(Sparse, ValueComesWithTheGradient) {
  const FactorChain chain(300, 40, 3, 10);
  SparseFactorization<float> sparse(world_, chain, testing::random_entries(300, 40, 0.02, 1), {});
  const auto x = random_vector<float>(chain.parameters(), 2, 0.4);
  std::vector<float> slice(static_cast<std::size_t>(sparse.space().slice().size()));
  EXPECT_EQ(sparse.gradient(x, {}, slice), sparse.value(x, {}));
}

TEST_F(Sparse, Float32IsNearFloat64) {
  for (const int depth : {1, 2, 3}) {
    const FactorChain chain(300, 40, depth);
    const auto entries = testing::random_entries(300, 40, 0.05, 1);
    const auto x = random_vector<float>(chain.parameters(), 2, 0.4);
    const auto v = random_vector<float>(chain.parameters(), 3);
    SparseFactorization<float> single(world_, chain, entries, {});
    SparseFactorization<double> wide(world_, chain, entries, {});
    EXPECT_LT(distance(testing::widened(whole_gradient(single, x)),
                       whole_gradient(wide, testing::widened(x))),
              2e-6);
    EXPECT_LT(distance(testing::widened(whole_curvature(single, x, v)),
                       whole_curvature(wide, testing::widened(x), testing::widened(v))),
              2e-6);
  }
}

TEST_F(Sparse, KeepsEntriesByRowAndByColumn) {
  MatrixEntries entries;
  entries.add(0, 2, 5.0);
  entries.add(2, 0, 6.0);
  entries.add(2, 2, 7.0);
  entries.add(3, 1, 8.0);
  const auto all = sparse_entries(entries, 4, 3, {});
  EXPECT_EQ(all.row_begin, (std::vector<std::int64_t>{0, 1, 1, 3, 4}));
  EXPECT_EQ(all.column_begin, (std::vector<std::int64_t>{0, 1, 2, 4}));
  EXPECT_EQ(all.by_column, (std::vector<std::int64_t>{1, 3, 0, 2}));
  EXPECT_EQ(all.weight, (std::vector<double>{1, 1, 1, 1}));
  const auto some = sparse_entries(entries, 4, 3, std::vector<std::int64_t>{3, 1, 3});
  EXPECT_EQ(some.target, (std::vector<double>{6, 8}));
  EXPECT_EQ(some.weight, (std::vector<double>{1, 2}));
  EXPECT_EQ(some.row_begin, (std::vector<std::int64_t>{0, 0, 0, 1, 2}));
  EXPECT_EQ(some.by_column, (std::vector<std::int64_t>{0, 1}));
}

// Whole and part registers, in exact arithmetic.
TEST_F(Sparse, AddsAndMultipliesVectorsOfAnyLength) {
  for (std::int64_t n = 0; n < 80; ++n) {
    std::vector<float> a(static_cast<std::size_t>(n) + 1, 1000.0F);
    std::vector<float> b(a.size(), 1000.0F);
    double expected = 0.0;
    for (std::size_t i = 0; i + 1 < a.size(); ++i) {
      a[i] = static_cast<float>(i % 7) - 2.0F;
      b[i] = static_cast<float>(i % 5) + 1.0F;
      expected += static_cast<double>(a[i]) * static_cast<double>(b[i]);
    }
    EXPECT_EQ(sparse_dot(a.data(), b.data(), n), expected) << n;
    auto sum = b;
    sparse_add(3.0F, a.data(), sum.data(), n);
    for (std::size_t i = 0; i + 1 < a.size(); ++i) EXPECT_EQ(sum[i], b[i] + 3.0F * a[i]);
    EXPECT_EQ(sum.back(), 1000.0F);
  }
}

}  // namespace
}  // namespace thalweg
