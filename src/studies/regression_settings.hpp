#pragma once

#include "kernels/regression.hpp"
#include "studies/settings.hpp"

namespace thalweg {

/// Reads [regression]: ridge, ridge_mode, ridge_grid, choose_by, leave_one_out, method, tolerance,
/// max_iterations, preconditioner, preconditioner_rank, times, rule, learning_rate, momentum,
/// ensemble. A key that the chosen method has no use for counts as unknown. `mixed`: the kernel's
/// precision is mixed, which knows one ridge by Cholesky alone. Local. Throws ConfigurationError.
RegressionOptions regression_options(const Settings& study, bool mixed);

}  // namespace thalweg
