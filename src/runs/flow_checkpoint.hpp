#pragma once

#include <cstddef>

#include "optimizers/flow/flow.hpp"
#include "records/record.hpp"

namespace thalweg {

/// Puts all that a flow goes on from into a checkpoint. Local.
void write_flow(Record& checkpoint, const FlowState& state);
/// Local. Throws std::out_of_range where it is not there.
FlowState read_flow_state(const Record& checkpoint);
/// Adds /flow, what an integration has met with, to a finished record. Local.
void write_flow_counts(Record& record, const FlowCounts& counts);
/// The root's state on every rank, its vectors of `dimension` numbers. Collective.
void share_flow(const Communicator& team, FlowState& state, std::size_t dimension);

}  // namespace thalweg
