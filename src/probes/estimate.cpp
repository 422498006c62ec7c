#include "probes/estimate.hpp"

#include <algorithm>
#include <cmath>

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

}  // namespace thalweg
