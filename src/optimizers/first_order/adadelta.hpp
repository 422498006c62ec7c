#pragma once

#include <memory>

#include "optimizers/optimizer.hpp"

namespace thalweg {

/// Adadelta (Zeiler 2012, Algorithm 1): s ← ρs + (1−ρ)g², Δ = g √(d + ε)/√(s + ε),
/// d ← ρd + (1−ρ)Δ², w ← w − ηΔ. ρ is OptimizerOptions::smoothing; the paper's η is 1.
template <class Real>
std::unique_ptr<Optimizer<Real>> make_adadelta(const OptimizerOptions& options,
                                               std::vector<DecayStretch> stretches,
                                               std::int64_t slice_size);

}  // namespace thalweg
