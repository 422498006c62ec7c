#include "probes/edge_of_stability.hpp"

#include <algorithm>
#include <cmath>

#include "base/error.hpp"
#include "probes/hessian_operator.hpp"
#include "probes/probe_kind.hpp"

namespace thalweg {

namespace {

/// P^(−1/2), whole on every rank; empty for the identity.
std::vector<double> inverse_root(const VectorSpace& space, std::span<const double> diagonal_slice) {
  const Communicator& comm = space.comm();
  // A rank whose slice has no elements cannot tell the identity from its own part of P.
  if (!comm.any(!diagonal_slice.empty())) return {};
  const bool fits = static_cast<std::int64_t>(diagonal_slice.size()) == space.slice().size();
  const bool positive = std::all_of(diagonal_slice.begin(), diagonal_slice.end(),
                                    [](double p) { return std::isfinite(p) && p > 0.0; });
  if (comm.any(!fits || !positive)) {
    throw Error(
        "edge_of_stability: the optimiser's preconditioner is not a finite positive number for "
        "every parameter");
  }
  std::vector<double> roots(static_cast<std::size_t>(space.dimension()));
  const auto mine = space.slice_of(std::span(roots));
  for (std::size_t i = 0; i < mine.size(); ++i) mine[i] = 1.0 / std::sqrt(diagonal_slice[i]);
  space.gather_in_place(std::span(roots));
  return roots;
}

}  // namespace

Measurement EdgeOfStability::measure(Objective<double>& objective, std::span<const double> x,
                                     Subset subset) {
  const bool has_threshold = state_.threshold.has_value();
  if (has_threshold_.value_or(has_threshold) != has_threshold) {
    throw Error("edge_of_stability: the optimiser has a threshold at some points only");
  }
  has_threshold_ = has_threshold;
  const VectorSpace& space = objective.space();
  const auto roots = inverse_root(space, state_.preconditioner_slice);
  std::vector<double> scaled(x.size());
  const auto hessian = hessian_operator(objective, x, subset);
  const auto result = lanczos_extremes(space,
                                       {[&](std::span<const double> v, std::span<double> product) {
                                          if (roots.empty()) {
                                            hessian(v, product);
                                            return;
                                          }
                                          for (std::size_t i = 0; i < scaled.size(); ++i)
                                            scaled[i] = roots[i] * v[i];
                                          hessian(scaled, product);
                                          const auto of_slice =
                                              space.slice_of(std::span<const double>(roots));
                                          for (std::size_t i = 0; i < product.size(); ++i)
                                            product[i] *= of_slice[i];
                                        },
                                        hessian.unit_roundoff()},
                                       options_);
  Measurement found;
  found.scalars = {
      {"lambda_max", result.largest.front().value, "1",
       "largest eigenvalue of the Hessian, preconditioned as the optimiser does"},
      {"lambda_max_residual", result.largest.front().residual, "1",
       "norm of Av - lambda v, A = P^-1/2 H P^-1/2"},
      {"learning_rate", state_.learning_rate, "1", "learning rate of the next step"},
      {"preconditioned", roots.empty() ? 0.0 : 1.0, "1", "0 if P is the identity"},
      {"products", static_cast<double>(result.products), "1", "Hessian-vector products used"},
      {"converged", result.converged ? 1.0 : 0.0, "1", "1 if the bound fell below the tolerance"},
  };
  if (has_threshold) {
    found.scalars.push_back({"threshold", *state_.threshold, "1",
                             "largest stable eigenvalue of the optimiser on a quadratic"});
    found.scalars.push_back({"ratio", result.largest.front().value / *state_.threshold, "1",
                             "lambda_max over threshold"});
  }
  return found;
}

ProbeKind edge_of_stability_kind() {
  ProbeKind kind{{{"edge_of_stability",
                   "λ_max of the (preconditioned) Hessian beside the optimiser's threshold (Cohen "
                   "et al. 2021); error ‖Av − λv‖; at most iterations + 1 products",
                   lanczos_keys()},
                  [](const Values& values, std::uint64_t seed) {
                    return std::make_unique<EdgeOfStability>(lanczos_options(values, seed));
                  }}};
  return kind;
}

}  // namespace thalweg
