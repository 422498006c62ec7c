#include "optimizers/flow/flow_step.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "base/error.hpp"

namespace thalweg {

FlowStep::FlowStep(const VectorSpace& space, std::vector<ParameterBlock> blocks,
                   const OptimizerOptions& options)
    : space_(&space),
      stretches_(decay_stretches(complete_blocks(std::move(blocks), space.dimension()),
                                 space.slice(), options.weight_decay, options.decay_normalisation)),
      start_(static_cast<std::size_t>(space.slice().size())),
      flow_(space, options.flow(),
            [this](std::span<const double> w, std::span<double> slice) {
              return derivative(*inner_, w, slice);
            }),
      options_(options.flow()) {}

double FlowStep::derivative(const Gradient& gradient, std::span<const double> w,
                            std::span<double> slice) {
  const double loss = gradient(w, slice);
  const auto mine = space_->slice_of(w);
  for (const auto& stretch : stretches_) {
    for (auto i = static_cast<std::size_t>(stretch.range.begin);
         i < static_cast<std::size_t>(stretch.range.end); ++i) {
      slice[i] = -slice[i] - stretch.weight_decay * mine[i];
    }
  }
  return loss;
}

double FlowStep::step(std::span<double> w, double learning_rate, const Gradient& gradient,
                      const Gradient& inner) {
  abandoned_ = false;
  const double loss = derivative(gradient, w, start_);
  if (!std::isfinite(loss) || learning_rate == 0.0) return loss;
  const bool broken =
      !std::all_of(start_.begin(), start_.end(), [](double value) { return std::isfinite(value); });
  if (space_->comm().any(broken)) return std::numeric_limits<double>::quiet_NaN();
  inner_ = &inner;
  const StepControl control = flow_.control();
  const FlowCounts counts = flow_.counts();
  flow_.restart(0.0, w, start_, loss);
  abandoned_ = !follow(learning_rate);
  if (abandoned_) {
    flow_.restore(control, counts);
  } else {
    std::copy(flow_.point().begin(), flow_.point().end(), w.begin());
  }
  return loss;
}

/// Whether it came to the end.
bool FlowStep::follow(double time) {
  try {
    while (flow_.time() < time) {
      flow_.step(time);
      if (flow_.time() < time && stop_ && stop_()) return false;
    }
  } catch (const Error& error) {
    throw Error(
        fmt::format("{}, within a step of the time {}: gradients overflow, or tolerances ({} "
                    "relative, {} absolute) are below rounding",
                    error.what(), time, options_.relative_tolerance, options_.absolute_tolerance));
  }
  return true;
}

std::vector<double> FlowStep::numbers() const {
  const FlowCounts& counts = flow_.counts();
  return {flow_.control().step(),
          flow_.control().error(),
          static_cast<double>(counts.accepted),
          static_cast<double>(counts.rejected),
          static_cast<double>(counts.evaluations),
          static_cast<double>(counts.stiff),
          counts.stiffness};
}

void FlowStep::set_numbers(std::span<const double> numbers) {
  if (numbers.size() != this->numbers().size()) {
    throw Error("flow: the state of a step has another length");
  }
  const auto count = [&](std::size_t k) { return static_cast<std::int64_t>(numbers[k]); };
  flow_.restore(StepControl(numbers[0], numbers[1]), {.accepted = count(2),
                                                      .rejected = count(3),
                                                      .evaluations = count(4),
                                                      .stiff = count(5),
                                                      .stiffness = numbers[6]});
}

Key relative_tolerance_key() {
  constexpr double least = 1e-14;  // some units in the last place
  return {"relative_tolerance",
          FlowOptions().relative_tolerance,
          {.least = least},
          "of a step of the integrator, beside the size of what moves"};
}

OptimizerKind flow_kind() {
  return {
      {"flow",
       "gradient flow by Dormand and Prince's pair (1980), of factorisations and, for a time of "
       "the rate a step, of networks; error-controlled, stiffness counted; float64",
       {relative_tolerance_key(),
        {"absolute_tolerance", 1e-9, {.above = 0.0}, "of a step of what is next to nothing"}}},
      0.1,
      {},
      nullptr};
}

}  // namespace thalweg
