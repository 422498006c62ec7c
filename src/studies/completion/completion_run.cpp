#include "studies/completion/completion_run.hpp"

#include "studies/completion/baseline_run.hpp"
#include "studies/completion/factor_run.hpp"

namespace thalweg {

RunOutcome run_completion(const CompletionTask& task) {
  return task.method.is_trajectory() ? run_factorization(task) : run_baseline(task);
}

}  // namespace thalweg
