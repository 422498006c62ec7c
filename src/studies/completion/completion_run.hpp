#pragma once

#include "studies/completion/completion_recorder.hpp"

namespace thalweg {

/// Makes one run: trains a chain of factors, follows a flow, or completes the matrix by a rule.
/// Leaves a record, or a checkpoint when interrupted. Same bits on any team. Collective over the
/// task's team.
RunOutcome run_completion(const CompletionTask& task);

}  // namespace thalweg
