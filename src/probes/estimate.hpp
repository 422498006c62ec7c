#pragma once

#include <cstdint>
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
/// ratio of means is consistent, not unbiased; a mean of ratios would be neither. Where mean(b) is
/// not many errors away from 0 that error says little: see ratio_interval.
[[nodiscard]] Estimate ratio_of(std::span<const double> a, std::span<const double> b);

/// What a ratio of two means, neither of which is negative in truth, may be.
struct RatioInterval {
  double low = 0.0;   ///< NaN where the data contradict every ratio
  double high = 0.0;  ///< NaN where there is no bound: the denominator may be 0
};

/// Fieller's interval (1954) of E a/E b from the pairs (a_k, b_k), cut off at 0: all ratios ρ for
/// which the mean of a − ρ b is not further from 0 than Student's quantile times its standard
/// error. It holds the true ratio with about that probability (`confidence`) however near E b is to
/// 0, and has no upper end where mean(b) is not resolved at this level. `floor`: what rounding may
/// be in mean(b), as one more standard error. Of at least two pairs.
[[nodiscard]] RatioInterval ratio_interval(std::span<const double> a, std::span<const double> b,
                                           double confidence, double floor = 0.0);

/// The t > 0 for which |T| ≤ t has this probability, T of Student's distribution with so many
/// degrees of freedom, at least 1.
[[nodiscard]] double student_quantile(double probability, std::int64_t freedom);

}  // namespace thalweg
