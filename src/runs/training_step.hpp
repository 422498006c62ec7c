#pragma once

#include <cstdint>
#include <span>

#include "objectives/network/network_loss.hpp"
#include "optimizers/stepper.hpp"
#include "runs/sample_order.hpp"

namespace thalweg {

/// Step number `index` of a run with this seed on w, the whole vector on every rank; returns the
/// loss before it, after which w is as it was where that is not finite; a step that the stepper
/// abandons leaves w and the running statistics alone. Collective.
template <class Real>
double training_step(NetworkLoss<Real>& objective, Stepper<Real>& stepper, SampleOrder& order,
                     const Schedule::Step& now, std::uint64_t seed, std::int64_t index,
                     std::span<Real> w);

}  // namespace thalweg
