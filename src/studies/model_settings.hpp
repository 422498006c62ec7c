#pragma once

#include "models/mlp.hpp"
#include "studies/settings.hpp"

namespace thalweg {

/// Reads a [model] table (type, widths, batch_norm, ghost_size, parametrization, weight_std,
/// bias_std); inputs and outputs are left to the data. Local. Throws ConfigurationError.
MlpOptions model_settings(const Settings& model);

}  // namespace thalweg
