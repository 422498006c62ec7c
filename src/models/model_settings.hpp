#pragma once

#include <vector>

#include "models/model.hpp"
#include "settings/key.hpp"

namespace thalweg {

/// The keys of [model]. Local.
const std::vector<Key>& model_keys();

/// Reads a [model] table of any type. Local. Throws ConfigurationError.
ModelOptions model_settings(const Settings& model);

/// Reads the [model] table of a study that is about fully connected networks alone. Local. Throws
/// ConfigurationError.
MlpOptions mlp_settings(const Settings& model);

}  // namespace thalweg
