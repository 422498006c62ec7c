#pragma once

#include <cstddef>
#include <string>

namespace thalweg {

/// Is what this process writes to stderr seen on a terminal? mpirun hands its ranks pipes, so for a
/// rank on mpirun's own host its parent's stderr is looked at. Local; Linux.
[[nodiscard]] bool stderr_reaches_terminal();

/// Columns of the terminal that stderr reaches, or that stdout is; 80 where there is none or it
/// does not say. A number in `said`, a user's variable COLUMNS, overrules. At least 20. Local.
[[nodiscard]] std::size_t stderr_columns();
[[nodiscard]] std::size_t stdout_columns(const std::string& said);

/// Columns that a UTF-8 text of letters takes: bytes that continue a character take none. Local.
[[nodiscard]] std::size_t width_of(const std::string& text);
/// The text, or as much of its beginning as fits into so many columns with an "…". Local.
[[nodiscard]] std::string shortened(const std::string& text, std::size_t columns);
/// Lines wider than `columns` are broken between words; what follows is set in by `indent`, or by
/// four more than the line itself where that is 0. A single longer word stays whole. Local.
[[nodiscard]] std::string wrapped(const std::string& text, std::size_t columns,
                                  std::size_t indent = 0);

}  // namespace thalweg
