#pragma once

#include "studies/completion/completion_recorder.hpp"

namespace thalweg {

/// Makes one run of a method of type factorization or end_to_end: trains a chain of factors, or
/// follows a flow. See run_completion. Collective over the task's team.
RunOutcome run_factorization(const CompletionTask& task);

}  // namespace thalweg
