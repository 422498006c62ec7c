#pragma once

#include <memory>

#include "optimizers/optimizer.hpp"

namespace thalweg {

/// Adam (Kingma & Ba 2015, Algorithm 1): m ← β1 m + (1−β1) g, v ← β2 v + (1−β2) g²,
/// w ← w − η m̂/(√v̂ + ε) with m̂ = m/(1−β1^t), v̂ = v/(1−β2^t).
template <class Real>
std::unique_ptr<Optimizer<Real>> make_adam(double beta1, double beta2, double epsilon,
                                           double weight_decay, std::int64_t slice_size);

}  // namespace thalweg
