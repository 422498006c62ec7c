#pragma once

#include <cmath>
#include <cstdint>

namespace thalweg {

/// c Σ_k |r_k|^p of the residuals r of some observations: p > 1, and c = factor, or factor over
/// their number with `mean`.
struct ResidualLoss {
  double exponent = 2.0;
  double factor = 1.0;
  bool mean = true;

  /// c for a sum over `count` of `total` observations, such that subsets are unbiased.
  [[nodiscard]] double coefficient(std::int64_t count, std::int64_t total) const {
    const auto n = static_cast<double>(count);
    return mean ? factor / n : factor * static_cast<double>(total) / n;
  }
  /// |r|^p and its first two derivatives.
  [[nodiscard]] double value(double r) const {
    return exponent == 2.0 ? r * r : std::pow(std::abs(r), exponent);
  }
  [[nodiscard]] double slope(double r) const {
    return exponent == 2.0 ? 2.0 * r
                           : exponent * std::copysign(std::pow(std::abs(r), exponent - 1.0), r);
  }
  [[nodiscard]] double curvature(double r) const {
    return exponent == 2.0 ? 2.0
                           : exponent * (exponent - 1.0) * std::pow(std::abs(r), exponent - 2.0);
  }
};

}  // namespace thalweg
