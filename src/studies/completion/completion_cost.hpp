#pragma once

#include "studies/completion/completion_problem.hpp"
#include "studies/completion/completion_settings.hpp"

namespace thalweg {

/// What a run is dealt out by, longest first: flops of a step times a guess of their number. Local.
double completion_cost(const CompletionSpec& plan, const MethodSpec& method,
                       const CompletionProblem& problem);

}  // namespace thalweg
