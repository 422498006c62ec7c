#include "objectives/factors/end_to_end.hpp"

#include <cmath>

#include "linalg/dense_svd.hpp"
#include "linalg/gemm.hpp"

namespace thalweg {

std::vector<double> end_to_end_velocity(std::int64_t rows, std::int64_t columns, int depth,
                                        std::span<const double> w,
                                        std::span<const double> gradient) {
  std::vector<double> velocity(gradient.size());
  if (depth == 1) {
    for (std::size_t i = 0; i < velocity.size(); ++i) velocity[i] = -gradient[i];
    return velocity;
  }
  const DenseSvd svd = dense_svd({w.begin(), w.end()}, rows, columns, true);
  const auto k = static_cast<std::int64_t>(svd.values.size());
  const auto n = static_cast<std::size_t>(k);
  const auto power = [&](double exponent) {
    std::vector<double> powers;
    for (const double value : svd.values) powers.push_back(std::pow(value, exponent));
    return powers;
  };
  const double top = 2.0 * static_cast<double>(depth - 1) / static_cast<double>(depth);
  const auto outer = power(top);
  // G V (rows × k), UᵀG (k × columns) and UᵀGV.
  std::vector<double> right(static_cast<std::size_t>(rows * k));
  std::vector<double> left(static_cast<std::size_t>(k * columns));
  std::vector<double> middle(n * n);
  gemm(false, true, rows, k, columns, 1.0, gradient.data(), svd.right.data(), 0.0, right.data());
  gemm(true, false, k, columns, rows, 1.0, svd.left.data(), gradient.data(), 0.0, left.data());
  gemm(true, false, k, k, rows, 1.0, svd.left.data(), right.data(), 0.0, middle.data());
  std::vector<double> weights(n * n, 0.0);
  for (int j = 2; j < depth; ++j) {
    const auto a = power(2.0 * (depth - j) / static_cast<double>(depth));
    const auto b = power(2.0 * (j - 1) / static_cast<double>(depth));
    for (std::size_t p = 0; p < n; ++p) {
      for (std::size_t q = 0; q < n; ++q) weights[p * n + q] += a[p] * b[q];
    }
  }
  // Of j = N the powers stand at the right, of j = 1 at the left, where they reach beyond the
  // space of the singular vectors; the others stay within it.
  for (std::size_t i = 0; i < right.size(); ++i) right[i] *= outer[i % n];
  for (std::size_t p = 0; p < n; ++p) {
    for (std::size_t q = 0; q < n; ++q) middle[p * n + q] *= weights[p * n + q];
    for (std::size_t c = 0; c < static_cast<std::size_t>(columns); ++c) {
      left[p * static_cast<std::size_t>(columns) + c] *= outer[p];
    }
  }
  gemm(false, false, k, columns, k, 1.0, middle.data(), svd.right.data(), 1.0, left.data());
  gemm(false, false, rows, columns, k, -1.0, svd.left.data(), left.data(), 0.0, velocity.data());
  gemm(false, false, rows, columns, k, -1.0, right.data(), svd.right.data(), 1.0, velocity.data());
  return velocity;
}

double singular_velocity(int depth, double value, double slope) {
  const double n = depth;
  return -n * std::pow(value, 2.0 - 2.0 / n) * slope;
}

}  // namespace thalweg
