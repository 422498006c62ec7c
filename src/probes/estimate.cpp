#include "probes/estimate.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numbers>

#include "base/ordered_sum.hpp"

namespace thalweg {

namespace {

/// Covariance of two means of paired values.
double covariance_of_means(std::span<const double> a, double mean_a, std::span<const double> b,
                           double mean_b) {
  double sum = 0.0;
  for (std::size_t i = 0; i < a.size(); ++i) sum += (a[i] - mean_a) * (b[i] - mean_b);
  const auto n = static_cast<double>(a.size());
  return sum / (n * (n - 1.0));
}

/// P(|T| ≤ t): the finite sums of Abramowitz and Stegun, 26.7.3 and 26.7.4.
double student_probability(double t, std::int64_t freedom) {
  const double angle = std::atan(t / std::sqrt(static_cast<double>(freedom)));
  const double square = std::cos(angle) * std::cos(angle);
  const bool odd = freedom % 2 == 1;
  double term = odd ? std::cos(angle) : 1.0;
  double sum = freedom == 1 ? 0.0 : term;
  for (std::int64_t k = odd ? 3 : 2; k < freedom; k += 2) {
    term *= square * static_cast<double>(k - 1) / static_cast<double>(k);
    sum += term;
  }
  return odd ? 2.0 / std::numbers::pi * (angle + std::sin(angle) * sum) : std::sin(angle) * sum;
}

}  // namespace

Estimate mean_of(std::span<const double> values) {
  const double mean = tree_sum(values) / static_cast<double>(values.size());
  return {mean, std::sqrt(covariance_of_means(values, mean, values, mean))};
}

Estimate ratio_of(std::span<const double> a, std::span<const double> b) {
  const auto of_a = mean_of(a);
  const auto of_b = mean_of(b);
  const double ratio = of_a.value / of_b.value;
  const double shared = covariance_of_means(a, of_a.value, b, of_b.value);
  const double variance =
      of_a.error * of_a.error - 2.0 * ratio * shared + ratio * ratio * of_b.error * of_b.error;
  return {ratio, std::sqrt(std::max(variance, 0.0)) / std::abs(of_b.value)};
}

double student_quantile(double probability, std::int64_t freedom) {
  double low = 0.0;
  double high = 1.0;
  while (student_probability(high, freedom) < probability) high *= 2.0;
  constexpr int halvings = 60;
  for (int k = 0; k < halvings; ++k) {
    const double middle = 0.5 * (low + high);
    (student_probability(middle, freedom) < probability ? low : high) = middle;
  }
  return high;
}

RatioInterval ratio_interval(std::span<const double> a, std::span<const double> b,
                             double confidence, double floor) {
  constexpr double none = std::numeric_limits<double>::quiet_NaN();
  const auto of_a = mean_of(a);
  const auto of_b = mean_of(b);
  const double t = student_quantile(confidence, static_cast<std::int64_t>(a.size()) - 1);
  // The interval is where A ρ² − 2 B ρ + C ≤ 0.
  const double shared = covariance_of_means(a, of_a.value, b, of_b.value);
  const double above = of_b.value * of_b.value - t * t * (of_b.error * of_b.error + floor * floor);
  const double middle = of_a.value * of_b.value - t * t * shared;
  const double below = of_a.value * of_a.value - t * t * of_a.error * of_a.error;
  const double root = std::sqrt(std::max(middle * middle - above * below, 0.0));
  if (above > 0.0) {
    const double high = (middle + root) / above;
    if (of_b.value < 0.0 || high < 0.0) return {none, none};
    return {std::max((middle - root) / above, 0.0), high};
  }
  if (below <= 0.0) return {0.0, none};  // neither is resolved: every ratio will do
  // Outside of two roots of either sign: from the positive one on, C/(B + √(B² − A C)).
  const bool has_low = of_a.value > 0.0 && middle + root > 0.0;
  return {has_low ? below / (middle + root) : none, none};
}

}  // namespace thalweg
