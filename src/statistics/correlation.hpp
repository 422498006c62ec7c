#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace thalweg {

/// Kendall's τ-b of n pairs, (C − D)/√((n₀ − t_x)(n₀ − t_y)): concordant less discordant pairs over
/// those not tied in x and in y, n₀ = n(n − 1)/2 (Kendall 1945; counted in n log n by Knight 1966).
/// NaN where x or y has one value only, or n < 2. Local. x and y are finite and of one length.
double kendall_tau_b(std::span<const double> x, std::span<const double> y);

/// Kendall's τ-a, (C − D)/n₀: the mean over pairs of the product of the signs of their differences,
/// a tie counting 0 (the τ of Jiang et al. 2020, equation 1). NaN for n < 2. Local.
double kendall_tau_a(std::span<const double> x, std::span<const double> y);

struct BootstrapOptions {
  std::int64_t resamples = 1000;
  double confidence = 0.95;
  std::uint64_t seed = 0;
};

/// NaN twice where there is none.
struct Interval {
  double low = 0.0;
  double high = 0.0;
};

/// Percentile bootstrap interval of τ-b: n pairs are drawn with replacement, again and again, and
/// the quantiles (1 ∓ confidence)/2 of their τ-b taken, linearly between order statistics. The
/// k-th resample is the same for all arrays of one length. Resamples without a τ-b do not count;
/// where they are more than half there is no interval. Local.
Interval bootstrap_interval(std::span<const double> x, std::span<const double> y,
                            const BootstrapOptions& options);

/// Coefficients over runs that differ in one hyperparameter only.
struct GranulatedTau {
  std::vector<double> by_axis;  ///< Ψ_i: mean τ-a over the groups; NaN where no group has two runs
  double mean = 0.0;            ///< Ψ: over the axes that have one, NaN without any
};

/// Granulated Kendall coefficient (Jiang et al. 2020, 1912.02178, equations 4 and 5): for each of
/// `axes`, τ-a within every group of runs whose places agree but on that axis, averaged over the
/// groups; then over the axes. `places[run][axis]` is the run's value of every hyperparameter that
/// differs between runs. Local.
GranulatedTau granulated_tau(std::span<const double> x, std::span<const double> y,
                             std::span<const std::vector<std::string>> places,
                             std::span<const std::size_t> axes);

}  // namespace thalweg
