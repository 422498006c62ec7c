#pragma once

#include <memory>

#include "models/layer.hpp"

namespace thalweg {

/// max(x, 0); the derivative at 0 is taken as 0.
template <class Real>
std::unique_ptr<Layer<Real>> make_relu(std::int64_t features);

}  // namespace thalweg
