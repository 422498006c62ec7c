#pragma once

#include <memory>

#include "optimizers/optimizer.hpp"

namespace thalweg {

/// Adam (Kingma & Ba 2015, Algorithm 1): m ← β1 m + (1−β1) g, v ← β2 v + (1−β2) g²,
/// w ← w − η m̂/(√v̂ + ε) with m̂ = m/(1−β1^t), v̂ = v/(1−β2^t). Type "adamw" decays the weights
/// apart from the gradient, w ← (1 − ηλ)w before the step (Loshchilov & Hutter 2019, Algorithm 2,
/// with λ times the rate as PyTorch has it). Preconditioner √v̂ + ε.
template <class Real>
std::unique_ptr<Optimizer<Real>> make_adam(const OptimizerOptions& options,
                                           std::vector<DecayStretch> stretches,
                                           std::int64_t slice_size);

}  // namespace thalweg
