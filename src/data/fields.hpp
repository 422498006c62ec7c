#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "data/text_lines.hpp"

namespace thalweg {

/// Cuts a line into fields, in the one dialect of all delimited text here (RFC 4180 but for fields
/// across lines): a field may stand in double quotes, with "" for a quote inside; blanks around
/// fields are taken off. The separator is any text; " " is runs of blanks and tabs. `fields` is
/// overwritten and keeps its memory. Throws ConfigurationError naming the line. Local.
void cut_fields(std::string_view line, std::string_view separator, const TextLines& lines,
                std::vector<std::string>& fields);

/// The same as a new list. Local.
[[nodiscard]] std::vector<std::string> fields_of(std::string_view line, std::string_view separator,
                                                 const TextLines& lines);

}  // namespace thalweg
