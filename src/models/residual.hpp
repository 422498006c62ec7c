#pragma once

#include <memory>
#include <vector>

#include "models/layer.hpp"

namespace thalweg {

/// out = branch(in) + shortcut(in) (He et al. 2016); an empty shortcut is the identity. Both are
/// chains of layers with the same number of outputs, else Error. Parameters and buffers: the
/// branch's, then the shortcut's.
template <class Real>
std::unique_ptr<Layer<Real>> make_residual(std::int64_t inputs,
                                           std::vector<std::unique_ptr<Layer<Real>>> branch,
                                           std::vector<std::unique_ptr<Layer<Real>>> shortcut);

}  // namespace thalweg
