#pragma once

#include <span>

#include "linalg/symmetric_operator.hpp"
#include "objectives/composed/product_precision.hpp"
#include "objectives/objective.hpp"

namespace thalweg {

/// Products with the objective's Hessian at x, with the precision that they have. What is given
/// must outlive the operator. Local; products are collective.
[[nodiscard]] inline SymmetricOperator hessian_operator(Objective<double>& objective,
                                                        std::span<const double> x, Subset subset) {
  return {[&objective, x, subset](std::span<const double> v, std::span<double> product) {
            objective.hessian_vector(x, v, subset, product);
          },
          unit_roundoff_of(objective)};
}

}  // namespace thalweg
