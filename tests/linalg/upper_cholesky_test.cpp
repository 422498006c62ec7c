#include "linalg/upper_cholesky.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <cstdint>
#include <vector>

#include "base/philox.hpp"
#include "linalg/conjugate_gradient.hpp"
#include "linalg/factorization.hpp"
#include "linalg/mirror.hpp"

namespace thalweg {
namespace {

/// A dense positive-definite matrix: e^{-|i-j|/3} + something of low rank.
double dense(std::int64_t i, std::int64_t j) {
  const auto wave = [](std::int64_t k) { return std::sin(0.7 * static_cast<double>(k)); };
  return std::exp(-std::abs(static_cast<double>(i - j)) / 3.0) + 2.0 * wave(i) * wave(j) +
         (i == j ? 0.5 : 0.0);
}

template <class Real>
class UpperCholeskyOf : public testing::Test {
 protected:
  Communicator comm_ = Communicator::duplicate(MPI_COMM_WORLD);
  static constexpr double tolerance = sizeof(Real) == 8 ? 1e-13 : 1e-5;
};
using Reals = testing::Types<float, double>;
TYPED_TEST_SUITE(UpperCholeskyOf, Reals);

TYPED_TEST(UpperCholeskyOf, TheFactorIsScalapacksOnAnyGridAndLeavesTheLowerTriangleAlone) {
  const ProcessGrid tall = tall_grid(this->comm_);
  const ProcessGrid wide(this->comm_);
  for (const ProcessGrid* grid : {&tall, &wide}) {
    // Few rows of many panels, many blocks a panel, one block, one element.
    for (const auto& [n, block] :
         {std::pair<std::int64_t, std::int64_t>{2300, 96}, {230, 7}, {50, 64}, {5, 1}, {1, 16}}) {
      DistributedMatrix<TypeParam> a(*grid, n, n, block);
      a.fill([](std::int64_t i, std::int64_t j) { return i <= j ? dense(i, j) : 7.5; });
      DistributedMatrix<TypeParam> reference(*grid, n, n, block);
      reference.fill(dense);
      EXPECT_EQ(upper_cholesky(a), 0);
      factor_cholesky(reference, Triangle::lower);
      const auto u = a.all_gather();
      const auto l = reference.all_gather();
      double worst = 0.0;
      bool untouched = true;
      for (std::int64_t j = 0; j < n; ++j) {
        for (std::int64_t i = 0; i < n; ++i) {
          const auto mine = u[static_cast<std::size_t>(i + j * n)];
          if (i <= j) {
            worst = std::max(
                worst,
                std::abs(static_cast<double>(mine - l[static_cast<std::size_t>(j + i * n)])));
          } else {
            untouched = untouched && mine == TypeParam{7.5};
          }
        }
      }
      EXPECT_LT(worst, this->tolerance) << n << " in " << block;
      EXPECT_TRUE(untouched);

      std::vector<TypeParam> x(static_cast<std::size_t>(3 * n));
      for (std::size_t i = 0; i < x.size(); ++i) x[i] = static_cast<TypeParam>(std::cos(double(i)));
      const auto b = x;
      solve_upper(a, std::span<TypeParam>(x));
      double residual = 0.0;
      if (n < 1000) {
        for (std::int64_t c = 0; c < 3; ++c) {
          for (std::int64_t i = 0; i < n; ++i) {
            double sum = -static_cast<double>(b[static_cast<std::size_t>(i + c * n)]);
            for (std::int64_t j = 0; j < n; ++j) {
              sum += dense(i, j) * static_cast<double>(x[static_cast<std::size_t>(j + c * n)]);
            }
            residual = std::max(residual, std::abs(sum));
          }
        }
        EXPECT_LT(residual, 30 * this->tolerance);
      }
    }
  }
}

TYPED_TEST(UpperCholeskyOf, TheMinorThatFailsHasItsOrderOnEveryRank) {
  const ProcessGrid grid(this->comm_);
  for (const std::int64_t bad : {0, 28, 39}) {
    DistributedMatrix<TypeParam> a(grid, 40, 40, 8);
    a.fill([&](std::int64_t i, std::int64_t j) { return i != j ? 0.0 : (i == bad ? -1.0 : 1.0); });
    EXPECT_EQ(upper_cholesky(a), bad + 1);
  }
}

TYPED_TEST(UpperCholeskyOf, InverseDiagonalOfALaplacian) {
  // (tridiag(-1, 2, -1)⁻¹)_ii = (i+1)(n-i)/(n+1), i from 0.
  constexpr std::int64_t n = 41;
  const ProcessGrid grid = tall_grid(this->comm_);
  DistributedMatrix<TypeParam> a(grid, n, n, 8);
  a.fill([](std::int64_t i, std::int64_t j) {
    return i == j ? 2.0 : (std::abs(i - j) == 1 ? -1.0 : 0.0);
  });
  EXPECT_EQ(diagonal_of(a), std::vector<double>(n, 2.0));
  EXPECT_EQ(upper_cholesky(a), 0);
  invert_upper(a);
  const auto diagonal = squared_upper_rows(a);
  for (std::int64_t i = 0; i < n; ++i) {
    const double expected = static_cast<double>((i + 1) * (n - i)) / (n + 1);
    EXPECT_NEAR(diagonal[static_cast<std::size_t>(i)] / expected, 1.0, 10 * this->tolerance);
  }
}

TYPED_TEST(UpperCholeskyOf, AMirroredMatrixMultipliesAndComesBackAfterItsFactorisation) {
  const ProcessGrid grid = tall_grid(this->comm_);
  for (const auto& [n, block] :
       {std::pair<std::int64_t, std::int64_t>{101, 8}, {30, 32}, {3, 1}, {1, 16}}) {
    DistributedMatrix<TypeParam> a(grid, n, n, block);
    a.fill([](std::int64_t i, std::int64_t j) { return i <= j ? dense(i, j) : 1e30; });
    const auto diagonal = mirror_down(a);
    a.add_to_diagonal(1.0);
    EXPECT_EQ(upper_cholesky(a), 0);
    std::vector<double> x(static_cast<std::size_t>(2 * n));
    for (std::size_t i = 0; i < x.size(); ++i) x[i] = std::sin(1.0 + static_cast<double>(i));
    std::vector<double> product(x.size());
    multiply_mirrored(a, std::span<const double>(diagonal), std::span<const double>(x),
                      std::span<double>(product));
    mirror_up(a, std::span<const double>(diagonal));
    const auto back = a.all_gather();
    for (std::int64_t i = 0; i < n; ++i) {
      for (std::int64_t c = 0; c < 2; ++c) {
        double sum = 0.0;
        for (std::int64_t j = 0; j < n; ++j) {
          const auto element = static_cast<double>(static_cast<TypeParam>(dense(i, j)));
          sum += element * x[static_cast<std::size_t>(j + c * n)];
        }
        EXPECT_NEAR(product[static_cast<std::size_t>(i + c * n)], sum, 1e-12);
      }
      for (std::int64_t j = 0; j < n; ++j) {
        EXPECT_EQ(back[static_cast<std::size_t>(i + j * n)], static_cast<TypeParam>(dense(i, j)));
      }
    }
  }
}

TEST(ConjugateGradient, OfASingularMatrixKeepsItsBestIterateAndSaysSo) {
  // diag(2, 1, d): the first two unknowns take two steps, then the third, of a right-hand side of
  // its own that d = 0 cannot reach, or that takes a growth of more than 1/√ε.
  for (const double d : {0.0, -1e-3, 1e-300}) {
    const ColumnOperator apply = [d](std::span<const double> in, std::span<double> out) {
      out[0] = 2 * in[0];
      out[1] = in[1];
      out[2] = d * in[2];
    };
    const std::vector<double> b{1, 1, 1e-3};
    const auto result = conjugate_gradient(apply, {}, b, 1, {1e-12, 100}, Log::silent());
    EXPECT_TRUE(result.singular) << d;
    EXPECT_FALSE(result.converged) << d;
    EXPECT_LE(result.residual, 1e-3) << d;
    EXPECT_NEAR(result.solution[0], 0.5, 1e-2) << d;
    EXPECT_LT(result.iterations, 100) << d;
  }
}

TEST(ConjugateGradient, EndsAfterAsManyStepsAsThereAreEigenvaluesAndFreezesZeroColumns) {
  // Three different eigenvalues: three iterations, whatever the size.
  constexpr std::size_t n = 30;
  const auto eigenvalue = [](std::size_t i) { return i % 3 == 0 ? 1.0 : (i % 3 == 1 ? 4.0 : 9.0); };
  const ColumnOperator apply = [&](std::span<const double> in, std::span<double> out) {
    for (std::size_t i = 0; i < in.size(); ++i) out[i] = eigenvalue(i % n) * in[i];
  };
  std::vector<double> b(2 * n, 0.0);
  for (std::size_t i = 0; i < n; ++i) b[i] = 1.0 + static_cast<double>(i);
  const auto result = conjugate_gradient(apply, {}, b, 2, {1e-12, 100}, Log::silent());
  EXPECT_TRUE(result.converged);
  EXPECT_EQ(result.iterations, 3);
  EXPECT_EQ(result.history.size(), 4U);
  for (std::size_t i = 0; i < n; ++i) {
    EXPECT_NEAR(result.solution[i], b[i] / eigenvalue(i), 1e-11);
    EXPECT_EQ(result.solution[n + i], 0.0);
  }
  const auto stopped = conjugate_gradient(apply, {}, b, 2, {1e-12, 2}, Log::silent());
  EXPECT_FALSE(stopped.converged);
  EXPECT_GT(stopped.residual, 1e-6);
}

}  // namespace
}  // namespace thalweg
