#include "studies/completion/completion_cost.hpp"

#include <algorithm>

namespace thalweg {

double completion_cost(const CompletionSpec& plan, const MethodSpec& method,
                       const CompletionProblem& problem) {
  const auto rows = static_cast<double>(problem.rows);
  const auto columns = static_cast<double>(problem.columns);
  const double side = std::min(rows, columns);
  const double steps = std::min(1e4, static_cast<double>(plan.max_steps));
  switch (method.type) {
    case MethodType::factorization: {
      // A flow takes seven gradients a step and fewer steps; a small start takes longer.
      const double inner = method.hidden > 0 ? static_cast<double>(method.hidden) : side;
      return steps * (rows * columns + 4.0 * method.depth * rows * columns * inner);
    }
    case MethodType::end_to_end:
      return steps * 20.0 * side * rows * columns;
    case MethodType::nuclear_norm:
      return std::min(steps, 1e3) * 15.0 * side * rows * columns;
    case MethodType::als:
      return 100.0 * static_cast<double>(problem.train.size() * method.als.rank * method.als.rank);
    case MethodType::mean:
      return rows * columns;
  }
  return 0.0;
}

}  // namespace thalweg
