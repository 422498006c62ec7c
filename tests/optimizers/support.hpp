#pragma once

#include <cmath>
#include <string>
#include <vector>

#include "optimizers/stepper.hpp"

namespace thalweg::test {

/// ½ wᵀ diag(h) w.
template <class Real>
typename Stepper<Real>::Gradient quadratic(const VectorSpace& space, std::vector<double> h) {
  return [&space, h](std::span<const Real> w, std::span<Real> gradient) {
    double value = 0.0;
    for (std::size_t i = 0; i < w.size(); ++i) {
      value += 0.5 * h[i] * static_cast<double>(w[i]) * static_cast<double>(w[i]);
    }
    const auto begin = static_cast<std::size_t>(space.slice().begin);
    for (std::size_t i = 0; i < gradient.size(); ++i) {
      gradient[i] = static_cast<Real>(h[begin + i]) * w[begin + i];
    }
    return value;
  };
}

/// The same gradient everywhere.
template <class Real>
typename Stepper<Real>::Gradient constant(const VectorSpace& space, std::vector<Real> g) {
  return [&space, g](std::span<const Real>, std::span<Real> gradient) {
    const auto mine = space.slice_of(std::span<const Real>(g));
    std::copy(mine.begin(), mine.end(), gradient.begin());
    return 1.0;
  };
}

/// All kinds of optimisers that step along one gradient, in any precision: not flows.
inline std::vector<OptimizerKind> descents() {
  auto kinds = optimizer_kinds();
  std::erase_if(kinds, [](const OptimizerKind& kind) { return kind.is_flow(); });
  return kinds;
}

/// Sets a key where the kind takes it.
inline void set_if_taken(OptimizerOptions& options, const std::string& key, double value) {
  if (options.kind().takes(key)) options.values.set(key, value);
}

/// The usual settings, with momentum where the kind takes it.
inline OptimizerOptions with_momentum(const std::string& type, double momentum) {
  OptimizerOptions options(type);
  set_if_taken(options, "momentum", momentum);
  return options;
}

/// One optimiser with each of the extras that change its steps.
inline std::vector<OptimizerOptions> every_way() {
  std::vector<OptimizerOptions> all;
  for (const auto& kind : descents()) {
    for (const char* sharpness_aware : {"none", "sam", "asam"}) {
      for (const double clip : {0.0, 0.5}) {
        OptimizerOptions options = with_momentum(kind.name, 0.9);
        options.weight_decay = 0.01;
        options.decay_normalisation = false;
        options.sharpness_aware = sharpness_aware;
        options.clip_norm = clip;
        all.push_back(options);
      }
    }
  }
  return all;
}

inline std::string describe(const OptimizerOptions& options) {
  return options.type + ", sharpness_aware " + options.sharpness_aware + ", clip " +
         std::to_string(options.clip_norm);
}

}  // namespace thalweg::test
