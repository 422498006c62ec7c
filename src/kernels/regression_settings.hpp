#pragma once

#include "kernels/regression.hpp"
#include "settings/settings.hpp"

namespace thalweg {

/// Reads [regression]: method (cholesky | eigen | cg), ridge (a number, or a list to
/// choose from by leaving one out), ridge_mode,
/// leave_one_out, choice; tolerance, max_iterations, preconditioner, preconditioner_rank; and, for
/// eigen, times, learning_rate, rule, rate_momentum
/// (of the second stable rate that is reported), ensemble. What does not go together is refused.
/// Local. Throws ConfigurationError.
RegressionOptions regression_settings(const Settings& table);

}  // namespace thalweg
