#pragma once

#include <memory>
#include <string>
#include <vector>

#include "models/layer.hpp"

namespace thalweg {

/// Names of activations: relu, leaky_relu (slope .01), abs, tanh, gelu (x Φ(x), Hendrycks & Gimpel
/// 2016).
[[nodiscard]] const std::vector<std::string>& nonlinearity_names();

/// y = φ(x), number by number. The second derivative of relu, leaky_relu and abs is taken as zero
/// everywhere. A NaN passes through. Throws Error for an unknown name.
template <class Real>
std::unique_ptr<Layer<Real>> make_activation(const std::string& name, std::int64_t features);

/// E[φ²]-preserving gain 1/E[φ(z)²] of weights before the activation: 2 for relu (He et al. 2015),
/// 2/(1+s²) for leaky_relu, 1 otherwise.
[[nodiscard]] double initialisation_gain(const std::string& activation);

}  // namespace thalweg
