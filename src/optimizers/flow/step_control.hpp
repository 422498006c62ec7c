#pragma once

#include <cstdint>

namespace thalweg {

/// How an integration chooses its steps.
struct FlowOptions {
  /// A step's error estimate is held to absolute + relative · max(|x_i|, |x_new,i|), in the root
  /// mean square over components.
  double relative_tolerance = 1e-6;
  double absolute_tolerance = 1e-9;
  double first_step = 0.0;  ///< 0: by Hairer, Nørsett & Wanner's rule (Solving ODEs I, II.4)
  std::int64_t max_step_rejections = 50;  ///< in a row
};

/// Throws ConfigurationError unless the tolerances are finite and at least 0, the absolute one
/// above it, the first step is finite and at least 0, and a rejection is allowed. Local.
void check(const FlowOptions& options);

/// PI control of DOPRI5 (β = .04, safety .9, factors .2 to 10): h ← h · .9 e_old^.04 / e^.17. All
/// functions are local.
class StepControl {
 public:
  StepControl() = default;
  /// `step`: the next one to try; `error`: that the last accepted step leaves for the next.
  explicit StepControl(double step, double error = kLeastError) : step_(step), error_(error) {}

  [[nodiscard]] double step() const { return step_; }
  [[nodiscard]] double error() const { return error_; }
  /// A step of `tried` failed by its error estimate, above 1; NaN or ∞: somewhere in it the right-
  /// hand side was not finite, and h ← h/5.
  void reject(double tried, double error);
  /// A step of `tried` was taken. Where it was cut short of step(), and its error is so small that
  /// it says nothing of longer ones, step and memory stay what they were.
  void accept(double tried, double error);

 private:
  static constexpr double kLeastError = 1e-4;  ///< that is remembered

  double step_ = 0.0;
  double error_ = kLeastError;
  bool rejected_ = false;  ///< since the last accepted step
};

/// Is h too small beside t to go on: below 16 units in the last place of t? Local.
[[nodiscard]] bool underflows(double step, double time);

/// Hairer, Nørsett & Wanner's first step, II.4, from norms weighted like the error: ‖x‖, ‖ẋ‖. The
/// length of a trial step by Euler's method. Local.
[[nodiscard]] double euler_trial_step(double point_norm, double slope_norm);
/// And the first step from ‖ẋ‖ and ‖Δẋ‖, the slope's change over the trial step. Local.
[[nodiscard]] double first_step(double trial, double slope_norm, double slope_change);

}  // namespace thalweg
