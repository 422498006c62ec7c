#pragma once

#include <string>
#include <vector>

#include "records/record.hpp"
#include "studies/completion/completion_settings.hpp"

namespace thalweg {

/// Puts into study.h5 what the runs of a completion study come to: /summary a row a run, /groups
/// medians and quartiles over instances with wins against the nuclear norm on the same instance,
/// and /flow_gap how far descents are from the flow. `records` are those of `runs`. Local.
void summarise_completion(Record& study, const CompletionSpec& plan,
                          const std::vector<CompletionRun>& runs,
                          const std::vector<Record>& records);

/// The groups as a table for a person, and the gaps. Local.
std::string completion_table(const Record& study);

}  // namespace thalweg
