#pragma once

#include "studies/completion/completion_recorder.hpp"

namespace thalweg {

/// Makes one run of a method that completes the matrix by a rule. See run_completion. Collective
/// over the task's team.
RunOutcome run_baseline(const CompletionTask& task);

}  // namespace thalweg
