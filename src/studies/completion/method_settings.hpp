#pragma once

#include <vector>

#include "studies/completion/completion_settings.hpp"

namespace thalweg {

/// Appends what a [[method]] table says: one method for every combination of its depths, scales and
/// learning rates, or of its ranks and ridges. Local. Throws ConfigurationError.
void read_methods(const Settings& table, std::vector<MethodSpec>& methods);

}  // namespace thalweg
