#pragma once

#include <memory>

#include "models/layer.hpp"

namespace thalweg {

struct BatchNormOptions {
  /// 0: mean and variance of the whole batch, by ordered sums over all shards of the team (Keskar
  /// et al.). n > 0: of consecutive groups of n samples ("ghost" batch norm, Hoffer et al. 2017), a
  /// divisor of the shard, so that it is computed within one.
  std::int64_t ghost_size = 0;
  /// Places of an image, each with all features (channels last); they share one mean and variance.
  std::int64_t positions = 1;
  /// Followed by max(·, 0) in the same pass over memory.
  bool relu = true;
  double epsilon = 1e-5;
};

/// y = γ (x − μ)/√(σ² + ε) + β, feature by feature (Ioffe & Szegedy 2015), of rows of positions ×
/// features numbers; γ then β are the parameters, the running mean then (unbiased) variance the
/// buffers. Moments are added up in float64.
template <class Real>
std::unique_ptr<Layer<Real>> make_batch_norm(std::int64_t features, const BatchNormOptions& options,
                                             const std::string& name);

}  // namespace thalweg
