#pragma once

#include <string>
#include <vector>

#include "records/record.hpp"
#include "runs/run_settings.hpp"

namespace thalweg {

/// Where runs of one family differ in a batch size that was swept over and have a target to reach:
/// adds /critical_batch to a study's record (a row a family: S_min, E_min and their ratio with
/// standard errors) with the points that were fitted, and returns the same in words, a line a
/// family; empty where nothing can be fitted. `runs` are the records of the runs of `plans`. A
/// batch size of which some run has not reached the target is left out. Local.
std::string fit_critical_batches(Record& study, const std::vector<RunSpec>& plans,
                                 const std::vector<Record>& runs);

}  // namespace thalweg
