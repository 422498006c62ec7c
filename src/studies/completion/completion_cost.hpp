#pragma once

#include "studies/completion/completion_plan.hpp"
#include "studies/completion/completion_problem.hpp"

namespace thalweg {

/// What a run is dealt out by, longest first: flops of a step times a guess of their number. Local.
double completion_cost(const CompletionPlan& plan, const MethodPlan& method,
                       const CompletionProblem& problem);

}  // namespace thalweg
