#pragma once

#include <string>

namespace thalweg {

/// A resolved configuration without this key of [study]. Local.
std::string without_study_key(const std::string& resolved, const std::string& key);

}  // namespace thalweg
