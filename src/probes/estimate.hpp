#pragma once

#include <span>

namespace thalweg {

/// An estimate from independent draws.
struct Estimate {
  double value = 0.0;
  double error = 0.0;  ///< standard error
};

/// The mean and its standard error; of at least two values.
[[nodiscard]] Estimate mean_of(std::span<const double> values);

/// mean(a)/mean(b), with the standard error of the delta method from the pairs (a_k, b_k). The
/// ratio of means is consistent, not unbiased; a mean of ratios would be neither.
[[nodiscard]] Estimate ratio_of(std::span<const double> a, std::span<const double> b);

}  // namespace thalweg
