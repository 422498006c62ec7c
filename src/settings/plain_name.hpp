#pragma once

#include <string>

namespace thalweg {

/// Whether a text may name files and groups: at most 100 letters, digits, '_', '-' and '.', no '.'
/// first. Local.
[[nodiscard]] bool is_plain_name(const std::string& name);

}  // namespace thalweg
