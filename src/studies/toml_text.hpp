#pragma once

#include <cstddef>
#include <optional>
#include <string_view>

namespace thalweg {

/// Where a text of TOML has a byte beyond ASCII outside of strings and comments, the only places
/// for them; nothing where it has none. toml++ 3.3 must not meet one: what it does then is
/// undefined (its is_non_ascii_horizontal_whitespace). Local.
std::optional<std::size_t> stray_byte(std::string_view text);

}  // namespace thalweg
