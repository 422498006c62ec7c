#include "probes/hessian_extremes.hpp"

#include "probes/hessian_operator.hpp"

namespace thalweg {

Measurement HessianExtremes::measure(Objective<double>& objective, std::span<const double> x,
                                     Subset subset) {
  const auto result =
      lanczos_extremes(objective.space(), hessian_operator(objective, x, subset), options_);
  Measurement found;
  found.scalars = {
      {"lambda_max", result.largest.front().value, "1",
       "largest eigenvalue of the curvature matrix"},
      {"lambda_max_residual", result.largest.front().residual, "1",
       "norm of Hv - lambda v for the largest eigenvalue"},
      {"lambda_min", result.smallest.front().value, "1",
       "smallest eigenvalue of the curvature matrix"},
      {"lambda_min_residual", result.smallest.front().residual, "1",
       "norm of Hv - lambda v for the smallest eigenvalue"},
      {"products", static_cast<double>(result.products), "1", "products with the matrix used"},
      {"converged", result.converged ? 1.0 : 0.0, "1", "1 if both bounds fell below the tolerance"},
  };
  return found;
}

}  // namespace thalweg
