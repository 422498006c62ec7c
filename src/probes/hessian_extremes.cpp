#include "probes/hessian_extremes.hpp"

#include "probes/hessian_operator.hpp"
#include "probes/probe_kind.hpp"

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

ProbeKind hessian_extremes_kind() {
  ProbeKind kind{{{"hessian_extremes",
                   "λ_max and λ_min of the Hessian by Lanczos with full reorthogonalisation; or, "
                   "here and in the next three, of the Gauss–Newton or the empirical Fisher "
                   "matrix, or of one layer; error ‖Hv − λv‖; at most iterations + 2 products",
                   lanczos_keys()},
                  [](const Values& values, std::uint64_t seed) {
                    return std::make_unique<HessianExtremes>(lanczos_options(values, seed));
                  }}};
  kind.is_of_curvature = true;
  return kind;
}

}  // namespace thalweg
