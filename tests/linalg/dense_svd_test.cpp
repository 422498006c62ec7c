#include "linalg/dense_svd.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <cstdint>
#include <limits>

#include "base/error.hpp"
#include "base/philox.hpp"

namespace thalweg {
namespace {

struct Shape {
  std::int64_t rows;
  std::int64_t columns;
};

const std::vector<Shape> kShapes{{1, 1}, {7, 7}, {9, 4}, {4, 9}, {1, 6}, {6, 1}, {200, 3}, {3, 90}};

std::vector<double> random_matrix(Shape shape) {
  Stream stream(31, Purpose::test, static_cast<std::uint64_t>(shape.rows * 1000 + shape.columns));
  std::vector<double> a(static_cast<std::size_t>(shape.rows * shape.columns));
  for (auto& value : a) value = stream.normal();
  return a;
}

/// Σ_i a_i b_i of vectors that are `stride` apart in their elements.
double dot(const double* a, const double* b, std::int64_t length, std::int64_t stride) {
  double sum = 0.0;
  for (std::int64_t i = 0; i < length; ++i) sum += a[i * stride] * b[i * stride];
  return sum;
}

// By AᵀA = [[25, 20], [20, 25]]: σ² = 45 and 5, right vectors (1, ±1)/√2.
TEST(DenseSvd, OfASquareMatrix) {
  const auto svd = dense_svd({3, 0, 4, 5}, 2, 2, true);
  ASSERT_EQ(svd.values.size(), 2U);
  EXPECT_NEAR(svd.values[0], std::sqrt(45.0), 1e-13);
  EXPECT_NEAR(svd.values[1], std::sqrt(5.0), 1e-13);
  for (const double element : svd.right) EXPECT_NEAR(std::abs(element), std::sqrt(0.5), 1e-13);
  EXPECT_NEAR(std::abs(svd.left[0]), std::sqrt(0.1), 1e-13);
  EXPECT_NEAR(std::abs(svd.left[1]), std::sqrt(0.9), 1e-13);
  EXPECT_NEAR(std::abs(svd.left[2]), std::sqrt(0.9), 1e-13);
  EXPECT_NEAR(std::abs(svd.left[3]), std::sqrt(0.1), 1e-13);
}

// [[3, 2, 2], [2, 3, −2]]: AAᵀ = [[17, 8], [8, 17]], σ = 5 and 3, left vectors (1, ±1)/√2.
TEST(DenseSvd, OfWideAndTallMatrices) {
  const double half = std::sqrt(0.5);
  const double sixth = std::sqrt(1.0 / 18.0);
  const auto wide = dense_svd({3, 2, 2, 2, 3, -2}, 2, 3, true);
  const auto tall = dense_svd({3, 2, 2, 3, 2, -2}, 3, 2, true);
  const std::vector<double> long_vectors{half, half, 0.0, sixth, sixth, 4.0 * sixth};
  for (const auto* svd : {&wide, &tall}) {
    ASSERT_EQ(svd->values.size(), 2U);
    EXPECT_NEAR(svd->values[0], 5.0, 1e-13);
    EXPECT_NEAR(svd->values[1], 3.0, 1e-13);
  }
  for (std::size_t k = 0; k < 2; ++k) {
    for (std::size_t i = 0; i < 3; ++i) {
      EXPECT_NEAR(std::abs(wide.right[k * 3 + i]), long_vectors[k * 3 + i], 1e-13);
      EXPECT_NEAR(std::abs(tall.left[i * 2 + k]), long_vectors[k * 3 + i], 1e-13);
    }
  }
  // Signs belong together: (1, −1, ±4) goes with (1, −1) or (−1, 1).
  EXPECT_NEAR(wide.right[3] * wide.left[1], sixth * half, 1e-13);
  EXPECT_NEAR(wide.right[4] * wide.left[1], -sixth * half, 1e-13);
  EXPECT_NEAR(wide.right[5] * wide.left[1], 4.0 * sixth * half, 1e-13);
}

TEST(DenseSvd, OfZeroAndOfRankOne) {
  for (const double value : dense_svd(std::vector<double>(6, 0.0), 2, 3, true).values) {
    EXPECT_EQ(value, 0.0);
  }
  const auto svd = dense_svd({2, 4, 4, -1, -2, -2, 2, 4, 4}, 3, 3, false);  // (2, −1, 2)ᵀ(1, 2, 2)
  EXPECT_NEAR(svd.values[0], 9.0, 1e-13);
  EXPECT_NEAR(svd.values[1], 0.0, 1e-13);
  EXPECT_NEAR(svd.values[2], 0.0, 1e-13);
}

TEST(DenseSvd, PutTogetherIsTheMatrixAgain) {
  for (const auto shape : kShapes) {
    const auto a = random_matrix(shape);
    const auto svd = dense_svd(a, shape.rows, shape.columns, true);
    const auto k = static_cast<std::int64_t>(svd.values.size());
    EXPECT_EQ(k, std::min(shape.rows, shape.columns));
    for (std::int64_t i = 0; i < shape.rows; ++i) {
      for (std::int64_t j = 0; j < shape.columns; ++j) {
        double sum = 0.0;
        for (std::int64_t p = 0; p < k; ++p) {
          sum += svd.left[static_cast<std::size_t>(i * k + p)] *
                 svd.values[static_cast<std::size_t>(p)] *
                 svd.right[static_cast<std::size_t>(p * shape.columns + j)];
        }
        EXPECT_NEAR(sum, a[static_cast<std::size_t>(i * shape.columns + j)], 1e-12)
            << shape.rows << " x " << shape.columns;
      }
    }
  }
}

TEST(DenseSvd, VectorsAreOrthonormalAndValuesDescend) {
  for (const auto shape : kShapes) {
    const auto svd = dense_svd(random_matrix(shape), shape.rows, shape.columns, true);
    const auto k = static_cast<std::int64_t>(svd.values.size());
    for (std::int64_t p = 0; p < k; ++p) {
      for (std::int64_t q = 0; q < k; ++q) {
        const double expected = p == q ? 1.0 : 0.0;
        EXPECT_NEAR(dot(svd.left.data() + p, svd.left.data() + q, shape.rows, k), expected, 1e-13);
        EXPECT_NEAR(dot(svd.right.data() + p * shape.columns, svd.right.data() + q * shape.columns,
                        shape.columns, 1),
                    expected, 1e-13);
      }
      if (p > 0) {
        EXPECT_LE(svd.values[static_cast<std::size_t>(p)],
                  svd.values[static_cast<std::size_t>(p) - 1]);
      }
    }
  }
}

TEST(DenseSvd, ValuesAloneAreTheSame) {
  for (const auto shape : kShapes) {
    const auto a = random_matrix(shape);
    const auto all = dense_svd(a, shape.rows, shape.columns, true);
    const auto values = dense_svd(a, shape.rows, shape.columns, false);
    EXPECT_TRUE(values.left.empty());
    EXPECT_TRUE(values.right.empty());
    ASSERT_EQ(values.values.size(), all.values.size());
    for (std::size_t k = 0; k < all.values.size(); ++k) {
      EXPECT_NEAR(values.values[k], all.values[k], 1e-12);
    }
  }
}

TEST(DenseSvd, RefusesNumbersThatAreNotFinite) {
  EXPECT_THROW(dense_svd({1, 0, std::nan(""), 1}, 2, 2, true), Error);
  EXPECT_THROW(dense_svd({1, 0, std::numeric_limits<double>::infinity(), 1}, 1, 4, false), Error);
}

}  // namespace
}  // namespace thalweg
