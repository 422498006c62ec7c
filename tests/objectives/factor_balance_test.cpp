#include "objectives/factors/factor_balance.hpp"

#include <gtest/gtest.h>

#include <cmath>

#include "base/error.hpp"
#include "support/factor_harness.hpp"

namespace thalweg {
namespace {

/// A chain's parameters from its factors.
std::vector<double> joined(const FactorChain& chain,
                           const std::vector<std::vector<double>>& factors) {
  std::vector<double> x(static_cast<std::size_t>(chain.parameters()));
  for (int j = 1; j <= chain.depth(); ++j) {
    set_factor<double>(chain, factors[static_cast<std::size_t>(j) - 1], j, x);
  }
  return x;
}

/// R diag(a, b), R the rotation by an angle.
std::vector<double> turned(double angle, double a, double b) {
  return {a * std::cos(angle), -b * std::sin(angle), a * std::sin(angle), b * std::cos(angle)};
}

TEST(FactorBalance, JointsOfSquareFactors) {
  const FactorChain chain(2, 2, 2);
  const auto x = joined(chain, {{1, 2, 3, 4}, {0, 1, 2, 3}});
  const auto joints = factor_joints<double>(chain, x);
  ASSERT_EQ(joints.size(), 1U);
  EXPECT_EQ(joints[0].left, (std::vector<double>{10, 14, 14, 20}));
  EXPECT_EQ(joints[0].right, (std::vector<double>{1, 3, 3, 13}));
  // [[9, 11], [11, 7]]
  EXPECT_NEAR(imbalance(joints, {}), std::sqrt(81.0 + 2.0 * 121.0 + 49.0), 1e-13);
}

// (3, 4)ᵀ (2) (1, 2, 2): 25 against 4, 4 against 9.
TEST(FactorBalance, ImbalanceIsThatOfTheWorstJoint) {
  const FactorChain chain(2, 3, 3, 1);
  const auto start = factor_joints<double>(chain, joined(chain, {{3, 4}, {2}, {1, 2, 2}}));
  ASSERT_EQ(start.size(), 2U);
  EXPECT_EQ(imbalance(start, {}), 21.0);
  EXPECT_EQ(imbalance(start, start), 0.0);
  const std::vector<float> later{3, 4, 3, 1, 2, 0};  // 25 − 9, 9 − 5
  EXPECT_EQ(imbalance(factor_joints<float>(chain, later), start), 9.0);
  EXPECT_EQ(imbalance(factor_joints<float>(chain, later), {}), 16.0);
}

TEST(FactorBalance, OfBalancedFactorsIsNone) {
  for (int depth = 2; depth <= 4; ++depth) {
    const FactorChain chain(5, 7, depth, 6);
    const auto x = testing::balanced_factors(chain, testing::orthonormal(5, 3, 1), {3.0, 2.0, 0.5},
                                             testing::orthonormal(7, 3, 2));
    const auto joints = factor_joints<double>(chain, x);
    EXPECT_EQ(static_cast<int>(joints.size()), depth - 1);
    EXPECT_LT(imbalance(joints, {}), 1e-13);
    EXPECT_NEAR(alignment(chain, joints), 1.0, 1e-13);
  }
}

TEST(FactorBalance, AlignmentIsTheSquaredCosineOfTheLargestAngle) {
  for (const double angle : {0.0, 0.3, 1.0, 1.5}) {
    // W_1ᵀW_1 = diag(9, 1), W_2W_2ᵀ = R diag(4, 1) Rᵀ.
    const FactorChain pair(2, 2, 2);
    const auto two = factor_joints<double>(pair, joined(pair, {{0, 1, 3, 0}, turned(angle, 2, 1)}));
    EXPECT_NEAR(alignment(pair, two), std::pow(std::cos(angle), 2.0), 1e-13) << angle;
    // The second factor's other side is aligned with diag(1, 9) by a right angle.
    const FactorChain three(2, 2, 3);
    const auto worst = factor_joints<double>(
        three, joined(three, {{0, 1, 3, 0}, turned(angle, 2, 1), {1, 0, 0, 3}}));
    EXPECT_NEAR(alignment(three, worst), 0.0, 1e-13) << angle;
    const auto first = factor_joints<double>(
        three, joined(three, {{0, 1, 3, 0}, turned(angle, 2, 1), {3, 0, 0, 1}}));
    EXPECT_NEAR(alignment(three, first), std::pow(std::cos(angle), 2.0), 1e-13) << angle;
  }
}

TEST(FactorBalance, OneFactorIsBalancedAndAligned) {
  const FactorChain chain(2, 3, 1);
  const auto joints = factor_joints<double>(chain, std::vector<double>{1, 2, 3, 4, 5, 6});
  EXPECT_TRUE(joints.empty());
  EXPECT_EQ(imbalance(joints, {}), 0.0);
  EXPECT_EQ(alignment(chain, joints), 1.0);
}

TEST(FactorBalance, DeterminantSignByHand) {
  const FactorChain single(3, 3, 1);
  const auto sign = [&](const std::vector<double>& a) {
    return determinant_sign<double>(single, a);
  };
  EXPECT_EQ(sign({1, 0, 0, 0, 1, 0, 0, 0, 1}), 1.0);
  EXPECT_EQ(sign({0, 1, 0, 1, 0, 0, 0, 0, 1}), -1.0);  // a swap
  EXPECT_EQ(sign({0, 1, 0, 0, 0, 1, 1, 0, 0}), 1.0);   // a cycle
  EXPECT_EQ(sign({-1, 0, 0, 0, -2, 0, 0, 0, -3}), -1.0);
  EXPECT_EQ(sign({1, 2, 3, 4, 5, 6, 7, 8, 10}), -1.0);  // −3
  EXPECT_EQ(sign({2, 1, 1, 1, 3, 2, 1, 0, 0}), -1.0);   // −1
  EXPECT_EQ(sign({1, 2, 4, 1, 2, 4, 3, 1, 1}), 0.0);
  EXPECT_EQ(sign(std::vector<double>(9, 0.0)), 0.0);
}

TEST(FactorBalance, DeterminantSignIsTheProductOfTheFactors) {
  const FactorChain chain(2, 2, 3);
  const std::vector<double> even{2, 1, 1, 1};
  const std::vector<double> odd{1, 2, 3, 4};
  EXPECT_EQ(determinant_sign<double>(chain, joined(chain, {even, even, even})), 1.0);
  EXPECT_EQ(determinant_sign<double>(chain, joined(chain, {even, even, odd})), -1.0);
  EXPECT_EQ(determinant_sign<double>(chain, joined(chain, {odd, even, odd})), 1.0);
  EXPECT_EQ(determinant_sign<double>(chain, joined(chain, {odd, odd, odd})), -1.0);
  EXPECT_EQ(determinant_sign<double>(chain, joined(chain, {odd, {1, 2, 2, 4}, odd})), 0.0);
  // The determinant of the product, −8e−360, is below all doubles.
  const std::vector<double> tiny{1e-60, 2e-60, 3e-60, 4e-60};
  EXPECT_EQ(determinant_sign<double>(chain, joined(chain, {tiny, tiny, tiny})), -1.0);
  EXPECT_EQ(determinant_sign<float>(FactorChain(2, 2, 1), std::vector<float>{0, 1, 1, 0}), -1.0);
}

TEST(FactorBalance, DeterminantSignNeedsSquareFactors) {
  EXPECT_THROW(determinant_sign<double>(FactorChain(2, 3, 1), std::vector<double>(6, 1.0)), Error);
  EXPECT_THROW(determinant_sign<double>(FactorChain(2, 2, 2, 3), std::vector<double>(12, 1.0)),
               Error);
}

}  // namespace
}  // namespace thalweg
