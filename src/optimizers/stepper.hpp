#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include "base/aligned.hpp"
#include "optimizers/flow/flow_step.hpp"
#include "optimizers/optimizer.hpp"

namespace thalweg {

/// Takes whole optimisation steps on any function of a vector that a team holds: gradient, SAM's or
/// ASAM's second gradient, clipping by the global norm, the optimiser, and the new vector on every
/// rank. The same bits on any number of ranks, if the gradient has them.
template <class Real>
class Stepper {
 public:
  /// Collective. The loss at w, the same on every rank; writes this rank's slice of the gradient.
  using Gradient = std::function<double(std::span<const Real> w, std::span<Real> gradient_slice)>;

  /// Local. `space` must outlive this. Without blocks all parameters are treated alike. Throws
  /// ConfigurationError for an unknown type of optimiser or of sharpness_aware, and for a flow that
  /// is clipped, sharpness-aware or not in float64.
  Stepper(const VectorSpace& space, std::vector<ParameterBlock> blocks,
          const OptimizerOptions& options);

  /// Collective. One step on w, the whole vector on every rank. Returns the loss at w before the
  /// step; where that, or with SAM the loss at the perturbed point, is not finite, it is returned
  /// and w and the state are left as they were.
  ///
  /// With SAM (Foret et al. 2021), `gradient` at w gives ε̂ = ρ g/(‖g‖ + 1e-12), with ASAM (Kwon et
  /// al. 2021, T_w = |w|) ε̂ = ρ w² g/(‖|w| g‖ + 1e-12), and w is moved by the gradient at w + ε̂.
  /// That comes from `perturbed` if it is given: it may average over other samples, or leave
  /// running statistics alone. Clipping and decay apply to what w is moved by.
  ///
  /// With "flow", see FlowStep: `gradient` is asked once, at w, `perturbed` at all other points.
  double step(std::span<Real> w, double learning_rate, const Gradient& gradient,
              const Gradient& perturbed = {});

  /// Slices of the optimiser's state, as many on every rank; with steps() and numbers() all that a
  /// step depends on. Local.
  [[nodiscard]] std::vector<std::span<Real>> state() {
    return flow_ ? std::vector<std::span<Real>>() : optimizer_->state();
  }
  /// Steps taken, where a formula depends on it. Local.
  [[nodiscard]] std::int64_t steps() const { return flow_ ? 0 : optimizer_->steps(); }
  void set_steps(std::int64_t steps) {
    if (!flow_) optimizer_->set_steps(steps);
  }
  /// State that is the same on every rank: a flow's. Local.
  [[nodiscard]] std::vector<double> numbers() const {
    return flow_ ? flow_->numbers() : std::vector<double>();
  }
  void set_numbers(std::span<const double> numbers) {
    if (flow_) flow_->set_numbers(numbers);
  }
  /// What a flow has met with so far; none where it is not one. Local.
  [[nodiscard]] std::optional<FlowCounts> flow_counts() const {
    return flow_ ? std::optional(flow_->counts()) : std::nullopt;
  }
  /// See FlowStep; without effect on what is not a flow. Local.
  void set_stop(FlowStep::Stop stop) {
    if (flow_) flow_->set_stop(std::move(stop));
  }
  [[nodiscard]] bool was_abandoned() const { return flow_ && flow_->was_abandoned(); }
  /// See Optimizer::preconditioner. Local.
  [[nodiscard]] std::optional<std::vector<Real>> preconditioner_slice() const {
    return flow_ ? std::nullopt : optimizer_->preconditioner();
  }
  /// Does a step follow the flow? Local.
  [[nodiscard]] bool is_flow() const { return flow_ != nullptr; }
  [[nodiscard]] const OptimizerOptions& options() const { return options_; }

 private:
  double gradient_of_perturbed(std::span<Real> w, const Gradient& gradient);
  void perturb(std::span<Real> mine);
  void clip();

  const VectorSpace* space_;
  OptimizerOptions options_;
  std::unique_ptr<Optimizer<Real>> optimizer_;  ///< none where there is flow_
  std::unique_ptr<FlowStep> flow_;
  AlignedVector<Real> gradient_;
  AlignedVector<Real> kept_;  ///< this rank's slice of w while w is perturbed
};

}  // namespace thalweg
