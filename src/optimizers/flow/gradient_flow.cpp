#include "optimizers/flow/gradient_flow.hpp"

#include <cstdint>

namespace thalweg {

Flow::RightHandSide gradient_flow(Objective<double>& objective, Subset subset) {
  return [&objective, samples = std::vector<std::int64_t>(subset.begin(), subset.end())](
             std::span<const double> x, std::span<double> derivative_slice) {
    const double value = objective.gradient(x, samples, derivative_slice);
    for (auto& slope : derivative_slice) slope = -slope;
    return value;
  };
}

std::vector<double> follow_gradient_flow(Objective<double>& objective, Subset subset,
                                         std::span<const double> x, double time,
                                         const FlowOptions& options) {
  Flow flow(objective.space(), options, gradient_flow(objective, subset));
  flow.begin(0.0, x);
  while (flow.time() < time) flow.step(time);
  return {flow.point().begin(), flow.point().end()};
}

}  // namespace thalweg
