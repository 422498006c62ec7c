#pragma once

#include "models/model.hpp"
#include "settings/settings.hpp"

namespace thalweg {

/// Reads a [model] table of any type. Local. Throws ConfigurationError.
ModelOptions model_settings(const Settings& model);

/// Reads the [model] table of a study that is about fully connected networks alone. Local. Throws
/// ConfigurationError.
MlpOptions mlp_settings(const Settings& model);

}  // namespace thalweg
