#include "probes/two_batch.hpp"

namespace thalweg {

double noise_share(std::int64_t batch, std::int64_t samples, bool replacement) {
  const auto b = static_cast<double>(batch);
  const auto n = static_cast<double>(samples);
  return replacement ? 1.0 / b : (n - b) / (b * (n - 1.0));
}

NoiseMoments two_batch_moments(double small_norm_squared, double large_norm_squared,
                               double small_share, double large_share) {
  const double gap = small_share - large_share;
  return {(small_share * large_norm_squared - large_share * small_norm_squared) / gap,
          (small_norm_squared - large_norm_squared) / gap};
}

}  // namespace thalweg
