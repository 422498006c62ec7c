#pragma once

#include <span>

namespace thalweg {

/// Mean steps to a target with one batch size.
struct BatchSteps {
  double batch = 0.0;
  double steps = 0.0;
};

/// S(B) = S_min + E_min/B, the hyperbola (S/S_min − 1)(E/E_min − 1) = 1 with E = S·B (McCandlish et
/// al. 2018, equation 2.11). Standard errors are those of the linearised fit: the residuals'
/// variance over points − 2 degrees of freedom times (JᵀJ)⁻¹. With two points the curve passes
/// through both and there are none (NaN).
struct CriticalBatchFit {
  double least_steps = 0.0;  ///< S_min: steps with ever larger batches
  double least_steps_error = 0.0;
  double least_samples = 0.0;  ///< E_min: samples with ever smaller batches
  double least_samples_error = 0.0;
  double critical_batch = 0.0;  ///< E_min/S_min
  double critical_batch_error = 0.0;
  double residual = 0.0;  ///< root mean square of log S − log S(B)
  /// Did the iteration end, and do the points tell both terms? Not where they want S_min or E_min
  /// of zero.
  bool converged = false;
  /// Does the critical batch lie among those of the points? One outside is extrapolated.
  bool inside = false;
};

/// Least squares on log S (Levenberg–Marquardt in log S_min and log E_min, which stay positive).
/// Local. Throws Error for fewer than two batch sizes, and for numbers that are not positive.
CriticalBatchFit fit_critical_batch(std::span<const BatchSteps> points);

}  // namespace thalweg
