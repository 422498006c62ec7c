#pragma once

#include <memory>

#include "optimizers/optimizer.hpp"

namespace thalweg {

/// RMSprop with one mean square for all parameters together, as the published code of Arora et al.
/// (2019) trains deep matrix factorisations: v ← αv + (1 − α)‖g‖², w ← w − η g/(√(v/(1 − αᵗ)) + ε),
/// α being OptimizerOptions::smoothing. The direction stays the gradient's, so that only the speed
/// along gradient descent's path changes. With weight decay g is g + λw. Local; its steps are
/// collective over the team of `space`.
template <class Real>
std::unique_ptr<Optimizer<Real>> make_grouped_rmsprop(const OptimizerOptions& options,
                                                      const VectorSpace& space,
                                                      std::vector<DecayStretch> stretches);

}  // namespace thalweg
