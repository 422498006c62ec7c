#pragma once

#include <string>

#include "app/show_table.hpp"

namespace thalweg {

/// What is in a record (file, checkpoint or folder), for a person. Local. Throws Error, and
/// ConfigurationError for a column that no table has.
std::string show_text(const std::string& path, const ShowOptions& options);
/// The same as JSON; arrays of more than 10000 values are described without them; NaN is null.
/// Local.
std::string show_json(const std::string& path);

}  // namespace thalweg
