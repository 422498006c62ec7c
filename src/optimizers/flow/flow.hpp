#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <limits>
#include <span>
#include <vector>

#include "optimizers/flow/dormand_prince.hpp"
#include "optimizers/flow/step_control.hpp"
#include "parallel/vector_space.hpp"

namespace thalweg {

/// What an integration has met with.
struct FlowCounts {
  std::int64_t accepted = 0;
  std::int64_t rejected = 0;
  std::int64_t evaluations = 0;
  std::int64_t stiff = 0;  ///< accepted steps with h|λ| beyond dormand_prince::kStabilityBound
  double stiffness = 0.0;  ///< h|λ| of the last accepted step, as estimated by Hairer's test
};

/// Everything on which further steps and interpolation over the last one depend, for checkpoints:
/// plain numbers, and whole vectors, the same on every rank. Before the first step the last three
/// vectors are zero.
struct FlowState {
  double time = 0.0;
  double previous_time = 0.0;
  double value = 0.0;
  double next_step = 0.0;
  double control_error = 0.0;  ///< the step control's memory
  FlowCounts counts;
  std::vector<double> point;
  std::vector<double> derivative;
  std::vector<double> previous_point;
  std::vector<double> previous_derivative;
  std::vector<double> bend;  ///< Σ_j d_j k_j of the last step
};

/// ẋ = f(x) by Dormand & Prince's 5(4) pair with PI step control, its continuous extension and
/// Hairer's stiffness test, as in DOPRI5 (Hairer, Nørsett & Wanner, Solving ODEs I, II.4 to II.6;
/// II, IV.2). Float64. Errors and decisions come from ordered sums, so steps have the same bits on
/// any number of ranks, if f has them.
///
/// There are two ways to a point at a stated time. Steps that run beyond it, and interpolate(): the
/// steps are the same whatever times are asked for. Or step(last_time), whose last step ends there:
/// the point then has the accuracy of steps, but interpolation within that step and all that
/// follows differ from those of an uncut flow, by as much as the tolerance. Earlier steps do not.
class Flow {
 public:
  /// What it keeps.
  static constexpr double kWholeVectors = 2.0;
  static constexpr double kSlices = 12.0;

  /// Collective. Writes this rank's slice of ẋ at the whole point x and returns a number that the
  /// caller wants to know at accepted points, the same on every rank: the objective's value, say.
  /// NaN or ∞, there or in ẋ, where the point is out of bounds. Never called at points that are not
  /// finite.
  using RightHandSide =
      std::function<double(std::span<const double> x, std::span<double> derivative_slice)>;

  /// Local. `space` must outlive this. Throws ConfigurationError as check(options) does.
  Flow(const VectorSpace& space, const FlowOptions& options, RightHandSide f);

  /// Collective. Begins at time t in x (whole vector) and counts from 0. Throws Error where f is
  /// not finite at x.
  void begin(double time, std::span<const double> x);

  /// Collective. Begins anew at time t in x, where f is known: this rank's slice of ẋ, finite, and
  /// what f returned, which counts as an evaluation. Counts, the next step and the memory of its
  /// control go on from what was before.
  void restart(double time, std::span<const double> x, std::span<const double> derivative_slice,
               double value);

  /// Collective. One accepted step, never beyond `last_time`; one that would end less than 1 % of
  /// itself before is stretched to it. A step in which f or a point is not finite is rejected and
  /// tried again at a fifth. Throws Error where last_time is not after time(), or when no step is
  /// accepted: the step underflows beside the time, or too many are rejected in a row; the flow
  /// then stays where it was, with a smaller step to try.
  void step(double last_time = std::numeric_limits<double>::infinity());

  /// Of the last accepted step's end and beginning; equal before the first step. Local.
  [[nodiscard]] double time() const { return time_; }
  [[nodiscard]] double previous_time() const { return previous_time_; }
  /// What the next step tries first. Local.
  [[nodiscard]] double next_step() const { return control_.step(); }
  [[nodiscard]] const StepControl& control() const { return control_; }
  /// The whole vector at time(). Local.
  [[nodiscard]] std::span<const double> point() const { return point_; }
  /// f's returned number at point(). Local.
  [[nodiscard]] double value() const { return value_; }
  [[nodiscard]] const FlowCounts& counts() const { return counts_; }

  /// Collective. The whole point at any time of [previous_time(), time()] by the continuous
  /// extension, of order 4; at both ends the points themselves. Does not change the flow. Throws
  /// Error for other times.
  void interpolate(double time, std::span<double> x) const;

  /// Collective. A flow restored from this goes on with the same bits, on any number of ranks.
  [[nodiscard]] FlowState save() const;
  /// Local. In place of begin(). Throws Error for vectors of another length.
  void restore(const FlowState& state);
  /// Local. What restart() goes on from.
  void restore(const StepControl& control, const FlowCounts& counts);

 private:
  double evaluate(std::span<const double> x, std::vector<double>& derivative);
  void place(double time, std::span<const double> x);
  double choose_first_step();
  double attempt(double h);
  double error_norm(double h);
  double stiffness(double h);
  double weighted_norm(std::span<const double> numerators);
  void accept(double end, double error);

  const VectorSpace* space_;
  FlowOptions options_;
  RightHandSide f_;

  double time_ = 0.0;
  double previous_time_ = 0.0;
  double value_ = 0.0;
  StepControl control_;
  FlowCounts counts_;
  std::vector<double> point_;  ///< whole
  std::vector<double> trial_;  ///< whole
  double trial_value_ = 0.0;
  std::array<std::vector<double>, dormand_prince::kStages>
      slopes_;  ///< k_i; the first one at point_
  std::vector<double> previous_point_;
  std::vector<double> previous_derivative_;
  std::vector<double> bend_;
  std::vector<double> sixth_;  ///< where stage 6 stood
  std::vector<double> work_;
};

}  // namespace thalweg
