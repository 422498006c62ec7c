#include "probes/critical_point.hpp"

#include <algorithm>
#include <cmath>

#include "probes/hessian_operator.hpp"
#include "probes/probe_kind.hpp"

namespace thalweg {

Measurement CriticalPoint::measure(Objective<double>& objective, std::span<const double> x,
                                   Subset subset) {
  using Numbers = std::span<const double>;
  const VectorSpace& space = objective.space();
  std::vector<double> gradient(static_cast<std::size_t>(space.slice().size()));
  const double here = objective.gradient(x, subset, gradient);
  const double norm = space.norm(Numbers(gradient));
  std::vector<double> whole(x.size());
  space.gather(Numbers(gradient), std::span(whole));
  std::vector<double> product(gradient.size());
  objective.hessian_vector(x, whole, subset, product);
  const double along = space.norm(Numbers(product)) / norm;

  const auto result = lanczos_extremes(space, hessian_operator(objective, x, subset), options_);
  const auto& top = result.largest.front();
  const auto& bottom = result.smallest.front();
  const double magnitude = std::max(std::abs(top.value), std::abs(bottom.value));
  const auto negative = std::count_if(result.ritz_values.begin(), result.ritz_values.end(),
                                      [&](double value) { return value < -result.rounding; });
  Measurement found;
  found.scalars = {
      {"gradient_norm", norm, "1", "norm of the gradient"},
      {"gradient_curvature", along, "1", "norm of Hg over norm of g"},
      {"gradient_flatness", along / magnitude, "1",
       "norm of Hg over norm of g and |lambda|max: 0 at a gradient-flat point"},
      {"lambda_max", top.value, "1", "largest eigenvalue of the Hessian"},
      {"lambda_max_residual", top.residual, "1",
       "norm of Hv - lambda v for the largest eigenvalue"},
      {"lambda_min", bottom.value, "1", "smallest eigenvalue of the Hessian"},
      {"lambda_min_residual", bottom.residual, "1",
       "norm of Hv - lambda v for the smallest eigenvalue"},
      {"index_at_least", static_cast<double>(negative), "1",
       "Ritz values below minus rounding: the Hessian has as many negative eigenvalues or more"},
      {"rounding", result.rounding, "1",
       "bound of what the products' rounding makes of Ritz values"},
      {"value_at_point", here, "1", "f(x)"},
      {"products", static_cast<double>(result.products + 1), "1", "Hessian-vector products used"},
      {"converged", result.converged ? 1.0 : 0.0, "1", "1 if both bounds fell below the tolerance"},
  };
  return found;
}

ProbeKind critical_point_kind() {
  ProbeKind kind{{{"critical_point",
                   "‖g‖, ‖Hg‖/‖g‖ (Frye et al. 2020), λ_min, λ_max and a bound of the "
                   "index; errors ‖Hv − λv‖; a gradient and at most iterations + 3 products",
                   lanczos_keys()},
                  [](const Values& values, std::uint64_t seed) {
                    return std::make_unique<CriticalPoint>(lanczos_options(values, seed));
                  }}};
  return kind;
}

}  // namespace thalweg
