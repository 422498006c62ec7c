#pragma once

#include <cstddef>
#include <string>

namespace thalweg {

/// All documented keys, one below the other, no wider than `columns`. Local.
std::string keys_text(std::size_t columns);
/// The same as a Markdown page: src/studies/KEYS.md. Local.
std::string keys_markdown();
/// What a key is, "optimizer.momentum" or "momentum" of any table, or what a type of a table is and
/// takes, "optimizer.adam". Local. Throws ConfigurationError, with the nearest, for what there is
/// not.
std::string explanation(const std::string& name, std::size_t columns);

}  // namespace thalweg
