#pragma once

#include <span>
#include <vector>

#include "objectives/objective.hpp"
#include "optimizers/flow/flow.hpp"

namespace thalweg {

/// ẋ = −∇f(x), the limit of gradient descent for small rates, where k steps of rate η take the time
/// kη; the returned number is f. The objective must outlive the result; the subset is copied.
/// Local; calls are collective over the objective's team.
[[nodiscard]] Flow::RightHandSide gradient_flow(Objective<double>& objective, Subset subset);

/// Collective. Where gradient flow from x (whole vector) is after `time` ≥ 0: the last step ends
/// there. Throws Error as Flow::step does.
[[nodiscard]] std::vector<double> follow_gradient_flow(Objective<double>& objective, Subset subset,
                                                       std::span<const double> x, double time,
                                                       const FlowOptions& options = {});

}  // namespace thalweg
