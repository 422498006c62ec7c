#pragma once

#include <cstddef>
#include <string>

#include "records/record.hpp"

namespace thalweg {

/// The summary as text for a person: a row a run or, where groups have several seeds, a row a group
/// with means ± standard deviations over its runs that did not diverge; columns that do not fit the
/// width stand below. Local.
std::string summary_table(const Record& study, std::size_t width);

}  // namespace thalweg
