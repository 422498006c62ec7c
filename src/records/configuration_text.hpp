#pragma once

#include <string>
#include <utility>
#include <vector>

namespace thalweg {

/// A resolved configuration without this key of [study]. Local.
std::string without_study_key(const std::string& resolved, const std::string& key);

/// "[[run]] 0 optimizer.beta" → value text of a resolved configuration, in its order; an array's
/// table itself is there too. Local.
std::vector<std::pair<std::string, std::string>> configuration_values(const std::string& text);

/// Every key in which two resolved configurations differ, a line each, with both values. Local.
std::vector<std::string> configuration_differences(const std::string& a, const std::string& b);

}  // namespace thalweg
