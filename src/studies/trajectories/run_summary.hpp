#pragma once

#include <string>
#include <vector>

#include "records/record.hpp"

namespace thalweg {

/// Adds to a study's record what it must hold to be useful alone: /summary, one row a run (the
/// trajectory's last row, status, every probe's scalars at the end as PROBE.value), and links to
/// the runs' files. `runs` are the runs' names and records. Local.
void summarise_runs(Record& study, const std::vector<std::string>& names,
                    const std::vector<Record>& runs);

}  // namespace thalweg
