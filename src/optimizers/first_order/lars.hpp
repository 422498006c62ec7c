#pragma once

#include <memory>

#include "optimizers/optimizer.hpp"

namespace thalweg {

/// LARS (You, Gitman & Ginsburg 2017, Algorithm 1): each parameter block ℓ steps with the rate γ
/// times its trust ratio, r = η‖w_ℓ‖/(‖g_ℓ‖ + λ‖w_ℓ‖ + ε); v ← βv + γr(g + λw), w ← w − v. Blocks
/// marked as normalisation have r = 1 and λ = 0, as has r where a norm is zero. η is
/// OptimizerOptions::trust. The rate is part of v, so a changing rate needs no momentum correction
/// of the ratio but keeps moving at the old one for about 1/(1−β) steps. `blocks` are complete.
/// Local; its steps are collective over the team of `space`.
template <class Real>
std::unique_ptr<Optimizer<Real>> make_lars(const OptimizerOptions& options,
                                           const VectorSpace& space,
                                           std::vector<ParameterBlock> blocks);

}  // namespace thalweg
