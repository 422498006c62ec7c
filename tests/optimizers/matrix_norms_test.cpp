#include "optimizers/direct/matrix_norms.hpp"

#include <gtest/gtest.h>

#include <cmath>

#include "support/factor_harness.hpp"

namespace thalweg {
namespace {

using Values = std::vector<double>;

TEST(MatrixNorms, OfSingularValues) {
  const Values values{4.0, 3.0, 0.0};
  EXPECT_EQ(nuclear_norm(values), 7.0);
  EXPECT_EQ(frobenius_norm(values), 5.0);
  EXPECT_EQ(schatten_sum(values, 2.0), 25.0);
  EXPECT_NEAR(schatten_sum(values, 0.5), 2.0 + std::sqrt(3.0), 1e-14);
  EXPECT_EQ(schatten_sum(values, 0.0), 2.0);  // the rank
  EXPECT_EQ(nuclear_norm(Values{}), 0.0);
}

TEST(MatrixNorms, EffectiveRank) {
  EXPECT_NEAR(effective_rank(Values{2.0, 2.0, 2.0, 2.0, 0.0}), 4.0, 1e-14);
  EXPECT_EQ(effective_rank(Values{5.0, 0.0}), 1.0);
  // Shares ¾ and ¼: exp(¾ ln(4/3) + ¼ ln 4) = 4 / 3^¾.
  EXPECT_NEAR(effective_rank(Values{6.0, 2.0}), 4.0 / std::pow(3.0, 0.75), 1e-14);
  EXPECT_EQ(effective_rank(Values{0.0, 0.0}), 0.0);
  EXPECT_EQ(effective_rank(Values{}), 0.0);
}

TEST(MatrixNorms, MeanSquareAndWhatIsNotAmongTheEntries) {
  const std::vector<double> matrix{1, -9, 3, 4, 5, -6};
  MatrixEntries entries;
  entries.add(0, 1, -7.0);
  entries.add(1, 0, 3.0);
  entries.add(1, 2, -6.0);
  EXPECT_NEAR(mean_square(matrix, 3, entries), 5.0 / 3.0, 1e-14);
  EXPECT_EQ(largest_besides(matrix, 3, entries), 5.0);
  EXPECT_EQ(largest_besides(matrix, 3, MatrixEntries{}), 9.0);
  EXPECT_EQ(largest_besides(matrix, 3, testing::some_entries(matrix, 3, 1.0, 1)), 0.0);
}

// The planes of e₁, e₂ and of cos θ e₁ + sin θ e₃, e₂.
TEST(MatrixNorms, SubspaceOverlapIsTheMeanSquaredCosine) {
  const double c = std::cos(0.7);
  const double s = std::sin(0.7);
  const std::vector<double> a{1, 0, 0, 1, 0, 0};
  const std::vector<double> b{c, 0, s, 0, 1, 0, s, 0, -c};  // three columns
  EXPECT_NEAR(subspace_overlap(a, 2, b, 3, 3, 1), c * c, 1e-14);
  EXPECT_NEAR(subspace_overlap(a, 2, b, 3, 3, 2), 0.5 * (c * c + 1.0), 1e-14);
  EXPECT_NEAR(subspace_overlap(a, 2, a, 2, 3, 2), 1.0, 1e-14);
}

// Whatever the basis.
TEST(MatrixNorms, SubspaceOverlapOfTheSameSpaceIsOne) {
  const auto a = testing::orthonormal(20, 4, 1);
  const auto turned = testing::composed(a, Values(4, 1.0), testing::orthonormal(4, 4, 2));
  EXPECT_NEAR(subspace_overlap(a, 4, turned, 4, 20, 4), 1.0, 1e-13);
  EXPECT_LT(subspace_overlap(a, 4, testing::orthonormal(20, 4, 3), 4, 20, 4), 0.9);
}

}  // namespace
}  // namespace thalweg
