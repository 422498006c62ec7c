#include "linalg/distributed_matrix.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <cstdint>
#include <string>
#include <vector>

#include "linalg/factorization.hpp"
#include "linalg/product.hpp"

namespace thalweg {
namespace {

/// tridiag(-1, 2, -1): eigenvalues 2 - 2 cos(kπ/(n+1)).
double laplacian(std::int64_t i, std::int64_t j) {
  return i == j ? 2.0 : (std::abs(i - j) == 1 ? -1.0 : 0.0);
}

TEST(BlockCyclic, EveryItemHasOnePlace) {
  for (const std::int64_t size : {1, 7, 64, 65, 203}) {
    for (const std::int64_t block : {1, 5, 16, 300}) {
      for (const int parts : {1, 2, 3, 6}) {
        const CyclicAxis axis{size, block, parts};
        std::int64_t total = 0;
        for (int part = 0; part < parts; ++part) {
          for (std::int64_t local = 0; local < axis.local_size(part); ++local) {
            const std::int64_t global = axis.to_global(local, part);
            EXPECT_LT(global, size);
            EXPECT_EQ(axis.owner(global), part);
            EXPECT_EQ(axis.to_local(global), local);
          }
          total += axis.local_size(part);
        }
        EXPECT_EQ(total, size);
      }
    }
  }
}

TEST(BlockCyclic, BlockLeavesWorkForEveryRankAndWastesLittle) {
  EXPECT_EQ(choose_block(1), 16);
  EXPECT_EQ(choose_block(200), 32);
  for (const std::int64_t n : {1000, 4000, 10000, 60000}) {
    const std::int64_t block = choose_block(n);
    const std::int64_t blocks = (n + block - 1) / block;
    EXPECT_EQ(block % 16, 0);
    EXPECT_GE(blocks, 6);
    EXPECT_LT(static_cast<double>(blocks * block - n), 0.05 * static_cast<double>(n));
  }
}

template <class Real>
class Matrix : public testing::Test {
 protected:
  Communicator comm_ = Communicator::duplicate(MPI_COMM_WORLD);
  ProcessGrid grid_{comm_};
  static constexpr double tolerance = sizeof(Real) == 8 ? 1e-12 : 2e-5;
};
using Reals = testing::Types<float, double>;
TYPED_TEST_SUITE(Matrix, Reals);

TYPED_TEST(Matrix, GathersWhatWasFilled) {
  DistributedMatrix<TypeParam> a(this->grid_, 37, 11, 4);
  a.fill([](std::int64_t i, std::int64_t j) { return static_cast<double>(100 * i + j); });
  const auto whole = a.all_gather();
  for (std::int64_t i = 0; i < 37; ++i) {
    for (std::int64_t j = 0; j < 11; ++j) {
      EXPECT_EQ(whole[static_cast<std::size_t>(i + 37 * j)], static_cast<TypeParam>(100 * i + j));
    }
  }
  EXPECT_EQ(a.trace(), 101.0 * 55.0);
}

TYPED_TEST(Matrix, CholeskySolvesALaplacianInEitherTriangle) {
  // The solution of tridiag(-1, 2, -1) x = 1 is x_i = (i+1)(n-i)/2; the second column is a
  // multiple.
  constexpr std::int64_t n = 53;
  for (const Triangle triangle : {Triangle::lower, Triangle::upper}) {
    DistributedMatrix<TypeParam> a(this->grid_, n, n, 8);
    a.fill([&](std::int64_t i, std::int64_t j) {
      const bool stored = triangle == Triangle::lower ? i >= j : i <= j;
      return stored ? laplacian(i, j) : 1e30;  // the other triangle must not be read
    });
    DistributedMatrix<TypeParam> b(this->grid_, n, 2, 8);
    b.fill([](std::int64_t /*i*/, std::int64_t j) { return j == 0 ? 1.0 : -2.0; });
    factor_cholesky(a, triangle);
    solve_cholesky(a, triangle, b);
    const auto x = b.all_gather();
    for (std::int64_t i = 0; i < n; ++i) {
      const double expected = 0.5 * static_cast<double>((i + 1) * (n - i));
      EXPECT_NEAR(x[static_cast<std::size_t>(i)] / expected, 1.0, 100 * this->tolerance);
      EXPECT_NEAR(x[static_cast<std::size_t>(n + i)] / expected, -2.0, 200 * this->tolerance);
    }
  }
}

TYPED_TEST(Matrix, TheTallGridUsesEveryRank) {
  const ProcessGrid grid = tall_grid(this->comm_);
  EXPECT_EQ(grid.rows() * grid.columns(), this->comm_.size());
  EXPECT_GE(grid.rows(), grid.columns());
}

TYPED_TEST(Matrix, CholeskyNamesTheMinorThatFails) {
  constexpr std::int64_t n = 40;
  DistributedMatrix<TypeParam> a(this->grid_, n, n, 8);
  a.fill([](std::int64_t i, std::int64_t j) { return i != j ? 0.0 : (i == 28 ? -1.0 : 1.0); });
  try {
    factor_cholesky(a, Triangle::upper);
    ADD_FAILURE() << "an indefinite matrix was factored";
  } catch (const Error& error) {
    EXPECT_NE(std::string(error.what()).find("order 29"), std::string::npos) << error.what();
    EXPECT_NE(std::string(error.what()).find("ridge"), std::string::npos);
  }
}

TYPED_TEST(Matrix, EigenvaluesOfTheLaplacianWithSmallResiduals) {
  constexpr std::int64_t n = 45;
  DistributedMatrix<TypeParam> a(this->grid_, n, n, 8);
  DistributedMatrix<TypeParam> copy(this->grid_, n, n, 8);
  DistributedMatrix<TypeParam> vectors(this->grid_, n, n, 8);
  a.fill(laplacian);
  copy.fill(laplacian);
  const auto values = symmetric_eigen(a, Triangle::lower, vectors);
  DistributedMatrix<TypeParam> product(this->grid_, n, n, 8);
  multiply_symmetric<TypeParam>(Triangle::upper, 1, copy, vectors, 0, product);
  const auto v = vectors.all_gather();
  const auto av = product.all_gather();
  for (std::int64_t k = 0; k < n; ++k) {
    const double expected =
        2.0 - 2.0 * std::cos(M_PI * static_cast<double>(k + 1) / static_cast<double>(n + 1));
    EXPECT_NEAR(values[static_cast<std::size_t>(k)], expected, 10 * this->tolerance);
    for (std::int64_t i = 0; i < n; ++i) {
      const auto at = static_cast<std::size_t>(i + n * k);
      EXPECT_NEAR(av[at], values[static_cast<std::size_t>(k)] * v[at], 10 * this->tolerance);
    }
  }
}

/// Elements of every size, so that any other order of a sum shows.
double uneven(std::int64_t i, std::int64_t j) {
  return std::sin(static_cast<double>(i * j + i + j)) / static_cast<double>(1 + std::abs(i - j));
}

// BLACS adds in the order in which messages arrive unless it is told not to.
TYPED_TEST(Matrix, EigenvaluesAreRepeatedToTheBit) {
  constexpr std::int64_t n = 150;
  std::vector<TypeParam> first;
  for (int repeat = 0; repeat < 6; ++repeat) {
    DistributedMatrix<TypeParam> a(this->grid_, n, n, 8);
    DistributedMatrix<TypeParam> vectors(this->grid_, n, n, 8);
    a.fill(uneven);
    const auto values = symmetric_eigen(a, Triangle::lower, vectors);
    if (repeat == 0) first = values;
    EXPECT_EQ(values, first) << "repeat " << repeat;
  }
}

TYPED_TEST(Matrix, ProductsWithTransposesAgreeWithAHandSum) {
  DistributedMatrix<TypeParam> a(this->grid_, 9, 21, 4);
  DistributedMatrix<TypeParam> b(this->grid_, 13, 9, 4);
  DistributedMatrix<TypeParam> c(this->grid_, 21, 13, 4);
  const auto fa = [](std::int64_t i, std::int64_t j) {
    return static_cast<double>((3 * i + 5 * j) % 7);
  };
  const auto fb = [](std::int64_t i, std::int64_t j) {
    return static_cast<double>((i * j) % 5 - 2);
  };
  a.fill(fa);
  b.fill(fb);
  c.fill([](std::int64_t, std::int64_t) { return 1.0; });
  multiply<TypeParam>(Transpose::yes, Transpose::yes, 2, a, b, -1, c);
  const auto whole = c.all_gather();
  for (std::int64_t i = 0; i < 21; ++i) {
    for (std::int64_t j = 0; j < 13; ++j) {
      double expected = -1.0;
      for (std::int64_t k = 0; k < 9; ++k) expected += 2.0 * fa(k, i) * fb(j, k);
      EXPECT_EQ(static_cast<double>(whole[static_cast<std::size_t>(i + 21 * j)]), expected);
    }
  }
  EXPECT_THROW(multiply<TypeParam>(Transpose::no, Transpose::no, 1, a, b, 0, c), Error);
}

TYPED_TEST(Matrix, RefusesWhatScalapackCannotAddressBeforeAllocating) {
  const std::int64_t n = std::int64_t{100000} * (this->comm_.size() + 1);
  EXPECT_THROW((DistributedMatrix<TypeParam>(this->grid_, n, n, 256)), Error);
}

}  // namespace
}  // namespace thalweg
