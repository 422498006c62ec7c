#pragma once

#include <memory>

#include "models/layer.hpp"

namespace thalweg {

/// y = x Wᵀ + b with W (outputs × inputs, row-major) then b (outputs). Initialised as He et al.
/// (2015): W from N(0, gain/inputs), gain 2 before a ReLU and 1 before the loss; b = 0. Flops a
/// row: forward 2·in·out, backward 4·in·out, R-operator 10·in·out beyond forward.
template <class Real>
std::unique_ptr<Layer<Real>> make_dense(std::int64_t inputs, std::int64_t outputs, bool bias,
                                        double gain, const std::string& name);

}  // namespace thalweg
