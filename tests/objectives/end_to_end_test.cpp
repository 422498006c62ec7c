#include "objectives/factors/end_to_end.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "base/error.hpp"
#include "support/factor_harness.hpp"

namespace thalweg {
namespace {

using testing::distance;
using testing::orthonormal;

/// A balanced chain, its product and a gradient by the product's elements.
struct Balanced {
  Balanced(FactorChain of, std::vector<double> singular_values)
      : chain(std::move(of)), values(std::move(singular_values)) {
    const auto k = static_cast<std::int64_t>(values.size());
    left = orthonormal(chain.rows(), k, 1);
    right = orthonormal(chain.columns(), k, 2);
    x = testing::balanced_factors(chain, left, values, right);
    w = product_of<double>(chain, x);
    gradient = testing::random_vector(chain.rows() * chain.columns(), 3);
  }

  /// Of these elements: d/dt W = −Σ_j A_j (A_jᵀ G B_jᵀ) B_j, A_j and B_j what stands before and
  /// behind factor j, A_jᵀ G B_jᵀ the gradient by it.
  [[nodiscard]] std::vector<double> velocity_of_factors() const {
    std::vector<double> sum(w.size(), 0.0);
    for (int j = 1; j <= chain.depth(); ++j) {
      const auto before = part(1, j - 1, chain.rows());
      const auto behind = part(j + 1, chain.depth(), chain.columns());
      const std::int64_t p = chain.size(j - 1);
      const std::int64_t q = chain.size(j);
      auto term = times(gradient, chain.columns(), behind, q, true);
      term = times(before, p, term, q, false, true);
      term = times(before, p, term, q, false);
      term = times(term, q, behind, chain.columns(), false);
      for (std::size_t i = 0; i < sum.size(); ++i) sum[i] -= term[i];
    }
    return sum;
  }

  FactorChain chain;
  std::vector<double> values;
  std::vector<double> left;
  std::vector<double> right;
  std::vector<double> x;
  std::vector<double> w;
  std::vector<double> gradient;

 private:
  /// a b, aᵀ b or a bᵀ; a has this many columns, the product too.
  static std::vector<double> times(const std::vector<double>& a, std::int64_t a_columns,
                                   const std::vector<double>& b, std::int64_t columns,
                                   bool transpose_b, bool transpose_a = false) {
    const auto a_rows = static_cast<std::int64_t>(a.size()) / a_columns;
    const std::int64_t m = transpose_a ? a_columns : a_rows;
    std::vector<double> product(static_cast<std::size_t>(m * columns));
    gemm(transpose_a, transpose_b, m, columns, transpose_a ? a_rows : a_columns, 1.0, a.data(),
         b.data(), 0.0, product.data());
    return product;
  }
  /// W_first ⋯ W_last; the identity of this order where there is none.
  [[nodiscard]] std::vector<double> part(int first, int last, std::int64_t order) const {
    if (first > last) {
      std::vector<double> identity(static_cast<std::size_t>(order * order), 0.0);
      for (std::int64_t i = 0; i < order; ++i) {
        identity[static_cast<std::size_t>(i * (order + 1))] = 1.0;
      }
      return identity;
    }
    auto product = factor_of<double>(chain, x, first);
    for (int j = first + 1; j <= last; ++j) {
      product =
          times(product, chain.size(j - 1), factor_of<double>(chain, x, j), chain.size(j), false);
    }
    return product;
  }
};

/// Square, tall and wide, inner sizes at and above the rank, the last of rank 2.
std::vector<Balanced> problems() {
  std::vector<Balanced> all;
  for (int depth = 1; depth <= 4; ++depth) {
    all.emplace_back(FactorChain(4, 4, depth), std::vector<double>{2.0, 1.1, 0.4, 0.05});
    all.emplace_back(FactorChain(3, 6, depth), std::vector<double>{3.0, 0.7, 0.2});
    all.emplace_back(FactorChain(7, 3, depth), std::vector<double>{1.5, 1.0, 0.3});
    all.emplace_back(FactorChain(5, 4, depth, 6), std::vector<double>{2.5, 1.2, 0.5, 0.1});
    all.emplace_back(FactorChain(5, 4, depth, 3), std::vector<double>{2.5, 0.5});
  }
  return all;
}

std::string describe(const FactorChain& chain) {
  return fmt::format("{} x {}, depth {}, hidden {}", chain.rows(), chain.columns(), chain.depth(),
                     chain.size(1));
}

TEST(EndToEnd, VelocityIsThatOfBalancedFactors) {
  for (const auto& problem : problems()) {
    const auto& chain = problem.chain;
    // A vanished singular value is found as rounding, whose power 2/N is a sum of its own at N = 4.
    const bool full =
        static_cast<std::int64_t>(problem.values.size()) == std::min(chain.rows(), chain.columns());
    const auto velocity = end_to_end_velocity(chain.rows(), chain.columns(), chain.depth(),
                                              problem.w, problem.gradient);
    EXPECT_LT(distance(velocity, problem.velocity_of_factors()), full ? 1e-12 : 1e-7)
        << describe(chain);
  }
}

TEST(EndToEnd, VelocityOfOneFactorIsTheGradient) {
  EXPECT_EQ(
      end_to_end_velocity(1, 3, 1, std::vector<double>{7, 8, 9}, std::vector<double>{1, -2, 0}),
      (std::vector<double>{-1, 2, 0}));
}

// W = diag(8, 1), N = 3: element (i, k) of Σ_j σ_i^{2(N−j)/N} σ_k^{2(j−1)/N} is
// [[3 · 16, 16 + 4 + 1], [21, 3]].
TEST(EndToEnd, VelocityOfADiagonalMatrix) {
  const auto velocity = end_to_end_velocity(2, 2, 3, std::vector<double>{8, 0, 0, 1},
                                            std::vector<double>{1, 1, -1, -1});
  const std::vector<double> expected{-48, -21, 21, 3};
  for (std::size_t i = 0; i < 4; ++i) EXPECT_NEAR(velocity[i], expected[i], 1e-12);
}

// A column of zeros: at N = 2, (WWᵀ)^½ G + G (WᵀW)^½ moves it by what stands at the left alone.
TEST(EndToEnd, VelocityReachesBeyondTheRowsThatAreThere) {
  const auto velocity =
      end_to_end_velocity(1, 2, 2, std::vector<double>{3, 0}, std::vector<double>{1, 1});
  EXPECT_NEAR(velocity[0], -6.0, 1e-13);
  EXPECT_NEAR(velocity[1], -3.0, 1e-13);
  const auto other =
      end_to_end_velocity(2, 1, 2, std::vector<double>{3, 0}, std::vector<double>{1, 1});
  EXPECT_NEAR(other[0], -6.0, 1e-13);
  EXPECT_NEAR(other[1], -3.0, 1e-13);
}

TEST(EndToEnd, SingularValuesMoveAsTheirFormulaSays) {
  for (const auto& problem : problems()) {
    const auto& chain = problem.chain;
    const auto velocity = end_to_end_velocity(chain.rows(), chain.columns(), chain.depth(),
                                              problem.w, problem.gradient);
    const auto values_at = [&](double time) {
      auto moved = problem.w;
      for (std::size_t i = 0; i < moved.size(); ++i) moved[i] += time * velocity[i];
      return dense_svd(moved, chain.rows(), chain.columns(), false).values;
    };
    constexpr double h = 1e-6;
    const auto above = values_at(h);
    const auto below = values_at(-h);
    const std::size_t k = problem.values.size();
    for (std::size_t r = 0; r < k; ++r) {
      double slope = 0.0;
      for (std::size_t i = 0; i < problem.w.size(); ++i) {
        const auto columns = static_cast<std::size_t>(chain.columns());
        slope += problem.gradient[i] * problem.left[i / columns * k + r] *
                 problem.right[i % columns * k + r];
      }
      EXPECT_NEAR((above[r] - below[r]) / (2.0 * h),
                  singular_velocity(chain.depth(), problem.values[r], slope), 1e-7)
          << describe(chain) << ", value " << r;
    }
  }
}

TEST(EndToEnd, SingularVelocityByHand) {
  EXPECT_EQ(singular_velocity(1, 5.0, 2.0), -2.0);
  EXPECT_EQ(singular_velocity(2, 5.0, 2.0), -20.0);
  EXPECT_NEAR(singular_velocity(3, 8.0, 2.0), -96.0, 1e-12);
  EXPECT_NEAR(singular_velocity(4, 4.0, -1.0), 32.0, 1e-12);
  EXPECT_EQ(singular_velocity(1, 0.0, 2.0), -2.0);
  EXPECT_EQ(singular_velocity(3, 0.0, 2.0), 0.0);
}

TEST(EndToEnd, RefusesAMatrixThatIsNotFinite) {
  EXPECT_THROW(
      end_to_end_velocity(1, 2, 2, std::vector<double>{1, std::numeric_limits<double>::infinity()},
                          std::vector<double>{1, 1}),
      Error);
}

}  // namespace
}  // namespace thalweg
