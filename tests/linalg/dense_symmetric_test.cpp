#include "linalg/dense_symmetric.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "base/error.hpp"

namespace thalweg {
namespace {

TEST(DenseSymmetric, OfTheSecondDifferenceMatrix) {
  // tridiag(−1, 2, −1): λ_k = 2 − 2 cos(kπ/(n + 1)), vector k ∝ sin(jkπ/(n + 1)).
  constexpr std::int64_t n = 10;
  std::vector<double> a(n * n, std::numeric_limits<double>::max());  // above: not read
  for (std::int64_t i = 0; i < n; ++i) {
    for (std::int64_t j = 0; j <= i; ++j) {
      a[static_cast<std::size_t>(i + j * n)] = i == j ? 2.0 : (i == j + 1 ? -1.0 : 0.0);
    }
  }
  const auto eigen = dense_symmetric_eigen(a, n);
  const double step = std::acos(-1.0) / (n + 1);
  for (std::int64_t k = 0; k < n; ++k) {
    const double* v = eigen.vectors.data() + k * n;
    const double angle = static_cast<double>(k + 1) * step;
    EXPECT_NEAR(eigen.values[static_cast<std::size_t>(k)], 2 - 2 * std::cos(angle), 1e-14);
    for (std::int64_t j = 0; j < n; ++j) {
      const double expected =
          std::sqrt(2.0 / (n + 1)) * std::sin(static_cast<double>(j + 1) * angle);
      EXPECT_NEAR(std::abs(v[j]), std::abs(expected), 1e-13);
    }
  }
}

TEST(DenseSymmetric, RefusesNumbersThatAreNotFinite) {
  EXPECT_THROW(dense_symmetric_eigen({1, 0, std::nan(""), 1}, 2), Error);
}

}  // namespace
}  // namespace thalweg
