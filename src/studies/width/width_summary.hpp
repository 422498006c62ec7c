#pragma once

#include <string>
#include <vector>

#include "records/record.hpp"

namespace thalweg {

/// Adds to a width study's record what its runs' records say: /summary, one row a run; /widths,
/// means over seeds at the last step with standard errors; /curves, the same along the steps;
/// /fits, the exponents with standard error and verdict. Runs that diverged are left out of means
/// and fits. Local.
void summarise_widths(Record& study, const std::vector<std::string>& names,
                      const std::vector<Record>& runs);

/// The same as tables for a terminal. Local.
std::string width_table(const Record& study);

}  // namespace thalweg
