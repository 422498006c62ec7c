#pragma once

#include <memory>

#include "optimizers/optimizer.hpp"

namespace thalweg {

/// RMSprop (Tieleman & Hinton 2012, lecture 6.5): s ← αs + (1−α)g², u = g/(√s + ε), w ← w − ηu;
/// with momentum v ← βv + u, w ← w − ηv. α is OptimizerOptions::smoothing. Preconditioner √s + ε.
template <class Real>
std::unique_ptr<Optimizer<Real>> make_rmsprop(const OptimizerOptions& options,
                                              std::vector<DecayStretch> stretches,
                                              std::int64_t slice_size);

}  // namespace thalweg
