#pragma once

#include <memory>

#include "optimizers/optimizer.hpp"

namespace thalweg {

/// Adagrad with a diagonal matrix (Duchi, Hazan & Singer 2011, Figure 1): s ← s + g²,
/// w ← w − η g/(√s + ε). Preconditioner √s + ε.
template <class Real>
std::unique_ptr<Optimizer<Real>> make_adagrad(const OptimizerOptions& options,
                                              std::vector<DecayStretch> stretches,
                                              std::int64_t slice_size);

}  // namespace thalweg
