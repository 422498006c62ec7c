#include "probes/top_eigenpairs.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <limits>

#include "base/error.hpp"

namespace thalweg {

void TopEigenpairs::check(const std::vector<ParameterBlock>& blocks,
                          std::int64_t /*samples*/) const {
  const std::int64_t dimension = parameter_count(blocks);
  const std::int64_t wanted = options_.largest + options_.smallest;
  if (wanted > dimension) {
    throw ConfigurationError(fmt::format(
        "eigenpairs: largest + smallest is {}, but there are {} parameters", wanted, dimension));
  }
}

Measurement TopEigenpairs::measure(Objective<double>& objective, std::span<const double> x,
                                   Subset subset) {
  using Numbers = std::span<const double>;
  const VectorSpace& space = objective.space();
  const auto result = lanczos_extremes(
      space,
      [&](Numbers v, std::span<double> product) {
        objective.hessian_vector(x, v, subset, product);
      },
      options_);
  std::vector<double> gradient(static_cast<std::size_t>(space.slice().size()));
  objective.gradient(x, subset, gradient);
  const double squared_norm = space.dot(Numbers(gradient), Numbers(gradient));

  // A Krylov space of fewer dimensions leaves pairs out; a record's columns keep their length.
  constexpr double missing = std::numeric_limits<double>::quiet_NaN();
  const auto wanted = static_cast<std::size_t>(options_.largest + options_.smallest);
  std::vector<double> values(wanted, missing);
  std::vector<double> residuals(wanted, missing);
  std::vector<double> shares(wanted, missing);
  const auto fill = [&](const std::vector<Eigenpair>& pairs, std::size_t first) {
    double total = 0.0;
    for (std::size_t k = 0; k < pairs.size(); ++k) {
      const double along = space.dot(Numbers(gradient), Numbers(pairs[k].vector_slice));
      values[first + k] = pairs[k].value;
      residuals[first + k] = pairs[k].residual;
      shares[first + k] = squared_norm > 0.0 ? along * along / squared_norm : 0.0;
      total += shares[first + k];
    }
    return total;
  };
  const double in_top = fill(result.largest, 0);
  fill(result.smallest, static_cast<std::size_t>(options_.largest));
  double worst = 0.0;
  for (const double residual : residuals) {
    if (residual > worst) worst = residual;  // NaN never is
  }
  Measurement found;
  found.scalars = {
      {"lambda_max", values.front(), "1", "largest eigenvalue of the curvature matrix"},
      {"worst_residual", worst, "1", "largest norm of Hv - lambda v over the pairs"},
      {"gradient_share", in_top, "1",
       "share of the squared gradient in the span of the largest pairs' vectors"},
      {"pairs", static_cast<double>(result.largest.size() + result.smallest.size()), "1",
       "eigenpairs found"},
      {"products", static_cast<double>(result.products), "1", "products with the matrix used"},
      {"converged", result.converged ? 1.0 : 0.0, "1", "1 if all bounds fell below the tolerance"},
  };
  found.details = {
      {"eigenvalue", values, "pair", "1", "largest first, descending; then smallest, ascending"},
      {"residual", residuals, "pair", "1", "norm of Hv - lambda v"},
      {"pair_gradient_share", shares, "pair", "1", "share of the squared gradient along v"},
  };
  return found;
}

}  // namespace thalweg
