#pragma once

#include <string>
#include <vector>

#include "records/record.hpp"
#include "studies/completion/completion_settings.hpp"

namespace thalweg {

/// Holds every plain gradient descent whose matrices were kept against the flow of the same factors
/// and start on the same instance: /flow_gap, the largest relative distance over the stated times
/// for each learning rate, and the exponent it grows with. The limit is a gap in proportion to the
/// rate. Local.
void summarise_gaps(Record& study, const CompletionSpec& plan,
                    const std::vector<CompletionRun>& runs, const std::vector<Record>& records);

/// The same for a person; empty where there are none. Local.
std::string gap_table(const Record& study);

}  // namespace thalweg
