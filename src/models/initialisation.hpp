#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "base/philox.hpp"

namespace thalweg {

/// Names of weight initialisations: variance of a weight, with normal or uniform entries.
///   he_normal, he_uniform          gain/fan_in, gain 2 before a ReLU (He et al. 2015)
///   lecun_normal, lecun_uniform    1/fan_in (LeCun et al. 1998)
///   glorot_normal, glorot_uniform  2/(fan_in + fan_out) (Glorot & Bengio 2010)
///   pytorch                        uniform within ±1/√fan_in, biases too: PyTorch's default
[[nodiscard]] const std::vector<std::string>& initialisation_names();

/// A layer's sizes, as initialisations see them.
struct Fan {
  std::int64_t in = 1;
  std::int64_t out = 1;
  double gain = 1.0;
};

/// Fills a layer's weights. Throws Error for an unknown name. Local.
template <class Real>
void initialise_weights(const std::string& name, const Fan& fan, std::span<Real> weights,
                        Stream& stream);

/// Fills its biases: zeros, but for pytorch. Local.
template <class Real>
void initialise_biases(const std::string& name, const Fan& fan, std::span<Real> biases,
                       Stream& stream);

}  // namespace thalweg
