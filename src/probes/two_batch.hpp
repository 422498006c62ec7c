#pragma once

#include <cstdint>

namespace thalweg {

/// ‖G‖² and tr Σ of a set of samples' gradients.
struct NoiseMoments {
  double gradient_norm_squared = 0.0;
  double trace = 0.0;
};

/// r in E‖g_B‖² = ‖G‖² + r tr Σ, g_B the mean of a batch of B drawn from N samples whose gradients
/// have mean G and covariance Σ (with 1/N): 1/B with replacement, (N − B)/(B (N − 1)) without,
/// where a batch of all samples has no noise left.
[[nodiscard]] double noise_share(std::int64_t batch, std::int64_t samples, bool replacement);

/// Unbiased for both moments where the squared norms are, by the two equations E‖g_B‖² = ‖G‖² +
/// r_B tr Σ; with r = 1/B this is the estimator of McCandlish et al. 2018 (1812.06162, appendix A).
[[nodiscard]] NoiseMoments two_batch_moments(double small_norm_squared, double large_norm_squared,
                                             double small_share, double large_share);

}  // namespace thalweg
