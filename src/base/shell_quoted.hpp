#pragma once

#include <string>

namespace thalweg {

/// An argument as a shell needs it to read the same. Local.
std::string shell_quoted(const std::string& argument);

}  // namespace thalweg
