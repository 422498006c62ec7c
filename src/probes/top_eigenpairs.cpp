#include "probes/top_eigenpairs.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "base/error.hpp"
#include "linalg/outer_eigenpairs.hpp"
#include "probes/hessian_operator.hpp"
#include "probes/probe_kind.hpp"

namespace thalweg {

namespace {

constexpr double kMissing = std::numeric_limits<double>::quiet_NaN();

/// Shares of a vector's square along the pairs of one end, which come outermost first.
struct Shares {
  std::vector<double> along;  // NaN where the pair's vector is arbitrary
  double resolved = 0.0;      // of those that are not
  bool is_cut = false;        // is the last pair's eigenspace wider than the pairs?
};

/// Of a multiple eigenvalue, one whose pairs are equal within their errors, vectors are a choice:
/// the first is taken along the gradient's part in the eigenspace, so it has the whole share. Where
/// the eigenspace is wider than the pairs, as `others` tell that come next, there is no such share.
Shares shares_along(const std::vector<Eigenpair>& pairs, std::vector<double> squares,
                    const std::vector<BeyondPairs>& others, double rounding) {
  const auto are_one = [rounding](double a, double error_a, double b, double error_b) {
    return std::abs(a - b) <= error_a + error_b + rounding;
  };
  Shares shares{std::move(squares)};
  for (std::size_t first = 0; first < pairs.size();) {
    std::size_t end = first + 1;
    while (end < pairs.size() && are_one(pairs[end - 1].value, pairs[end - 1].residual,
                                         pairs[end].value, pairs[end].residual)) {
      shares.along[first] += shares.along[end];
      shares.along[end++] = 0.0;
    }
    const auto& last = pairs[end - 1];
    shares.is_cut =
        end == pairs.size() && std::any_of(others.begin(), others.end(), [&](const auto& next) {
          return are_one(last.value, last.residual, next.value, next.residual);
        });
    if (shares.is_cut) {
      std::fill(shares.along.begin() + static_cast<std::ptrdiff_t>(first), shares.along.end(),
                kMissing);
    } else {
      shares.resolved += shares.along[first];
    }
    first = end;
  }
  return shares;
}

/// What follows the pairs of one end inwards: what was seen beyond them, and the other end's last.
std::vector<BeyondPairs> inwards(const BeyondPairs& beyond, const std::vector<Eigenpair>& other) {
  std::vector<BeyondPairs> found{beyond};
  if (!other.empty()) found.push_back({other.back().value, other.back().residual, kMissing});
  return found;
}

}  // namespace

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
  const auto result = outer_eigenpairs(space, hessian_operator(objective, x, subset), options_);
  std::vector<double> gradient(static_cast<std::size_t>(space.slice().size()));
  objective.gradient(x, subset, gradient);
  const double squared_norm = space.dot(Numbers(gradient), Numbers(gradient));

  // Where a start did not converge pairs may be missing; a record's columns keep their length.
  const auto wanted = static_cast<std::size_t>(options_.largest + options_.smallest);
  std::vector<double> values(wanted, kMissing);
  std::vector<double> residuals(wanted, kMissing);
  std::vector<double> along(wanted, kMissing);
  const auto fill = [&](const std::vector<Eigenpair>& pairs, std::size_t first,
                        const std::vector<BeyondPairs>& others) {
    std::vector<double> squares;
    for (std::size_t k = 0; k < pairs.size(); ++k) {
      const double part = space.dot(Numbers(gradient), Numbers(pairs[k].vector_slice));
      values[first + k] = pairs[k].value;
      residuals[first + k] = pairs[k].residual;
      squares.push_back(part * part / squared_norm);  // a vanishing gradient has no shares
    }
    auto shares = shares_along(pairs, std::move(squares), others, result.rounding);
    std::copy(shares.along.begin(), shares.along.end(),
              along.begin() + static_cast<std::ptrdiff_t>(first));
    return shares;
  };
  const auto top = fill(result.largest, 0, inwards(result.beyond_largest, result.smallest));
  fill(result.smallest, static_cast<std::size_t>(options_.largest),
       inwards(result.beyond_smallest, result.largest));
  double worst = 0.0;
  for (const double residual : residuals) {
    if (residual > worst) worst = residual;  // NaN never is
  }
  Measurement found;
  found.scalars = {
      {"lambda_max", values.front(), "1", "largest eigenvalue of the curvature matrix"},
      {"worst_residual", worst, "1", "largest norm of Hv - lambda v over the pairs"},
      {"gradient_share", top.is_cut ? kMissing : top.resolved, "1",
       "share of the squared gradient in the span of the largest pairs' vectors; none where that "
       "span is a choice"},
      {"gradient_share_resolved", top.resolved, "1",
       "the same without the last eigenvalue's where that has more vectors than pairs"},
      {"multiplet_cut", top.is_cut ? 1.0 : 0.0, "1",
       "1 if the last of the largest and the next are one eigenvalue within their errors"},
      {"pairs", static_cast<double>(result.largest.size() + result.smallest.size()), "1",
       "eigenpairs found"},
      {"products", static_cast<double>(result.products), "1", "products with the matrix used"},
      {"converged", result.converged ? 1.0 : 0.0, "1", "1 if all bounds fell below the tolerance"},
      {"complete", result.complete ? 1.0 : 0.0, "1",
       "1 if a fresh start orthogonal to all pairs converged without finding one further out"},
  };
  const auto put = [&](const std::string& name, const BeyondPairs& beyond, const char* end) {
    found.scalars.push_back(
        {name, beyond.value, "1", fmt::format("{} value that this start reached", end)});
    found.scalars.push_back({name + "_residual", beyond.residual, "1",
                             "norm of Hv - lambda v on what is left, its bound"});
    found.scalars.push_back({name + "_bound", beyond.bound, "1",
                             "nothing left lies beyond, but for one start in a million"});
  };
  put("next_largest", result.beyond_largest, "largest");
  if (options_.smallest > 0) put("next_smallest", result.beyond_smallest, "smallest");
  found.details = {
      {"eigenvalue", values, "pair", "1", "largest first, descending; then smallest, ascending"},
      {"residual", residuals, "pair", "1", "norm of Hv - lambda v"},
      {"pair_gradient_share", along, "pair", "1",
       "share of the squared gradient along v; the first vector of a multiple eigenvalue has all "
       "of "
       "its eigenspace's"},
  };
  return found;
}

ProbeKind eigenpairs_kind() {
  auto keys = lanczos_keys();
  keys.push_back({"largest", std::int64_t{10}, {.least = 1.0}, "eigenvalues from the top"});
  keys.push_back({"smallest", std::int64_t{0}, {.least = 0.0}, "and from the bottom"});
  ProbeKind kind{
      {{"eigenpairs",
        "the largest and smallest eigenvalues by Lanczos, and the gradient's share in the "
        "top eigenspace (Gur-Ari et al. 2018); errors ‖Hv − λv‖; at most "
        "iterations + pairs products",
        keys},
       [](const Values& values, std::uint64_t seed) {
         LanczosOptions options = lanczos_options(values, seed);
         options.largest = values.integer("largest");
         options.smallest = values.integer("smallest");
         return std::make_unique<TopEigenpairs>(options);
       }}};
  kind.is_of_curvature = true;
  return kind;
}

}  // namespace thalweg
