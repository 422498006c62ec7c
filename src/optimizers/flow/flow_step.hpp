#pragma once

#include <functional>
#include <span>
#include <utility>
#include <vector>

#include "optimizers/flow/flow.hpp"
#include "optimizers/options.hpp"
#include "optimizers/parameter_blocks.hpp"

namespace thalweg {

/// Of an integrator, not below what float64 can hold. Local.
Key relative_tolerance_key();

/// Gradient flow in steps as an optimiser takes them: ẇ = −∇L(w) − λw for a time of the learning
/// rate, L being the step's own loss (of its batch, say). So k steps of gradient descent and k of
/// these take the same time, and part by O(η) (Euler's method); see Flow for errors and bits. The
/// integrator's steps end where the step does; how long the next one may be is kept.
class FlowStep {
 public:
  /// Collective. The loss at w, the same on every rank; writes this rank's slice of the gradient.
  using Gradient =
      std::function<double(std::span<const double> w, std::span<double> gradient_slice)>;

  /// Local. `space` must outlive this. λ and what it spares are those of the options.
  FlowStep(const VectorSpace& space, std::vector<ParameterBlock> blocks,
           const OptimizerOptions& options);

  /// Collective. Moves w, the whole vector on every rank. `gradient` is asked at w, `inner` at all
  /// other points. Returns the loss at w before the step, or NaN where its gradient is not finite;
  /// where what is returned is not finite w stays as it was. Throws Error where the integrator
  /// takes no step.
  double step(std::span<double> w, double learning_rate, const Gradient& gradient,
              const Gradient& inner);

  /// Collective when it is called: is it time to stop? Asked after each of the integrator's steps,
  /// of which there may be thousands. It must say the same on every rank.
  using Stop = std::function<bool()>;
  void set_stop(Stop stop) { stop_ = std::move(stop); }
  /// Was the last step abandoned for that? Everything is then as it was before it. Local.
  [[nodiscard]] bool was_abandoned() const { return abandoned_; }

  /// All that further steps depend on, and the counts; the same on every rank. Local.
  [[nodiscard]] std::vector<double> numbers() const;
  /// Takes what numbers() gave. Local. Throws Error for another length.
  void set_numbers(std::span<const double> numbers);
  [[nodiscard]] const FlowCounts& counts() const { return flow_.counts(); }

 private:
  bool follow(double time);
  double derivative(const Gradient& gradient, std::span<const double> w, std::span<double> slice);

  const VectorSpace* space_;
  std::vector<DecayStretch> stretches_;
  const Gradient* inner_ = nullptr;  ///< during a step
  std::vector<double> start_;        ///< this rank's slice of ẇ where a step begins
  Flow flow_;
  FlowOptions options_;
  Stop stop_;
  bool abandoned_ = false;
};

}  // namespace thalweg
