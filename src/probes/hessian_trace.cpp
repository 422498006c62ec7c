#include "probes/hessian_trace.hpp"

#include <cmath>
#include <utility>

#include "objectives/parameter_layout.hpp"
#include "parallel/random_slice.hpp"
#include "parallel/range_dots.hpp"
#include "probes/estimate.hpp"
#include "probes/probe_kind.hpp"

namespace thalweg {

namespace {

using Numbers = std::span<const double>;
using Slices = std::vector<std::vector<double>>;

/// Products with the Hessian at one point, of slices.
class Products {
 public:
  Products(Objective<double>& objective, Numbers x, Subset subset, std::uint64_t seed)
      : objective_(&objective), x_(x), subset_(subset), seed_(seed), whole_(x.size()) {}

  [[nodiscard]] const VectorSpace& space() const { return objective_->space(); }
  [[nodiscard]] std::vector<double> signs(std::int64_t draw) const {
    return random_slice(space(), seed_, Purpose::trace_vector, draw,
                        [](Stream& stream) { return stream.rademacher(); });
  }
  std::vector<double> times(const std::vector<double>& v) {
    space().gather(Numbers(v), std::span(whole_));
    std::vector<double> product(v.size());
    objective_->hessian_vector(x_, whole_, subset_, product);
    return product;
  }

 private:
  Objective<double>* objective_;
  Numbers x_;
  Subset subset_;
  std::uint64_t seed_;
  std::vector<double> whole_;
};

/// v − Q Qᵀv, twice: orthogonal to rounding.
void remove_span(const VectorSpace& space, const Slices& basis, std::vector<double>& v) {
  for (int pass = 0; pass < 2 && !basis.empty(); ++pass) {
    const auto overlaps = space.dots(basis, v);
    for (std::size_t j = 0; j < basis.size(); ++j) {
      for (std::size_t i = 0; i < v.size(); ++i) v[i] -= overlaps[j] * basis[j][i];
    }
  }
}

/// An orthonormal basis of the vectors' span; a vector that lies in the span of those before it, to
/// rounding, adds nothing.
Slices orthonormal(const VectorSpace& space, Slices vectors) {
  constexpr double rounding = 1e-12;
  Slices basis;
  for (auto& v : vectors) {
    const double before = space.norm(Numbers(v));
    remove_span(space, basis, v);
    const double after = space.norm(Numbers(v));
    if (!(after > rounding * before)) continue;
    for (auto& value : v) value /= after;
    basis.push_back(std::move(v));
  }
  return basis;
}

/// The last two thirds of Hutch++: tr QᵀHQ, and samples of the trace of the rest.
Estimate with_basis(Products& hessian, const Slices& basis, std::int64_t first, std::int64_t end) {
  const VectorSpace& space = hessian.space();
  double inside = 0.0;
  for (const auto& q : basis) {
    const auto product = hessian.times(q);
    inside += space.dot(Numbers(q), Numbers(product));
  }
  std::vector<double> outside;
  for (std::int64_t draw = first; draw < end; ++draw) {
    auto v = hessian.signs(draw);
    remove_span(space, basis, v);
    const auto product = hessian.times(v);
    outside.push_back(space.dot(Numbers(v), Numbers(product)));
  }
  const Estimate rest = mean_of(outside);
  return {inside + rest.value, rest.error};
}

}  // namespace

Measurement HessianTrace::measure(Objective<double>& objective, std::span<const double> x,
                                  Subset subset) {
  const VectorSpace& space = objective.space();
  std::vector<std::string> names;
  std::vector<Range> ranges;
  for (const auto& block : parameter_blocks_of(objective)) {
    names.push_back(block.name);
    ranges.push_back({block.offset, block.offset + block.count()});
  }
  const bool in_thirds = options_.method == TraceMethod::hutch_plus_plus;
  const std::int64_t plain = in_thirds ? options_.vectors / 3 : options_.vectors;
  Products hessian(objective, x, subset, options_.seed);
  std::vector<double> traces;
  std::vector<double> squares;
  Slices of_blocks(ranges.size());
  Slices kept;
  for (std::int64_t draw = 0; draw < plain; ++draw) {
    const auto v = hessian.signs(draw);
    auto product = hessian.times(v);
    traces.push_back(space.dot(Numbers(v), Numbers(product)));
    squares.push_back(space.dot(Numbers(product), Numbers(product)));
    const auto parts =
        range_dots(space, std::span<const Range>(ranges), Numbers(v), Numbers(product));
    for (std::size_t k = 0; k < parts.size(); ++k) of_blocks[k].push_back(parts[k]);
    if (in_thirds) kept.push_back(std::move(product));
  }
  Estimate trace = mean_of(traces);
  std::int64_t products = plain;
  if (in_thirds) {
    const auto basis = orthonormal(space, std::move(kept));
    trace = with_basis(hessian, basis, plain, options_.vectors - plain);
    products += static_cast<std::int64_t>(basis.size()) + options_.vectors - 2 * plain;
  }
  const Estimate frobenius = mean_of(squares);
  std::vector<double> block_traces;
  std::vector<double> block_errors;
  for (const auto& draws : of_blocks) {
    const Estimate mean = mean_of(draws);
    block_traces.push_back(mean.value);
    block_errors.push_back(mean.error);
  }
  Measurement found;
  found.scalars = {
      {"trace", trace.value, "1", "trace of the curvature matrix"},
      {"trace_error", trace.error, "1", "its standard error"},
      {"frobenius_squared", frobenius.value, "1", "squared Frobenius norm of the curvature matrix"},
      {"frobenius_squared_error", frobenius.error, "1", "its standard error"},
      {"products", static_cast<double>(products), "1", "products with the matrix used"},
  };
  found.details = {
      {"block_name", names, "block", "1", "block of parameters"},
      {"block_trace", block_traces, "block", "1", "trace of the block's own matrix"},
      {"block_trace_error", block_errors, "block", "1", "its standard error"},
  };
  return found;
}

ProbeKind trace_kind() {
  const TraceOptions usual;
  const char* vectors = "products; of hutch++ a third of them for its basis";
  constexpr double least_of_hutch_plus_plus = 6.0;  // two a third, for a standard error
  ProbeKind kind{{{"trace",
                   "tr H, block by block too, and ‖H‖_F² (Hutchinson 1990), or by Hutch++ "
                   "(Meyer et al. 2021); standard errors; vectors products",
                   {{"method",
                     std::string("hutchinson"),
                     {.words = {"hutchinson", "hutch++"}},
                     "of estimating"},
                    {"vectors",
                     usual.vectors,
                     {.least = 2.0},
                     vectors,
                     KeyCondition{"method", {"hutchinson"}}},
                    {"vectors",
                     usual.vectors,
                     {.least = least_of_hutch_plus_plus},
                     vectors,
                     KeyCondition{"method", {"hutch++"}}}}},
                  [](const Values& values, std::uint64_t seed) {
                    TraceOptions options;
                    if (values.string("method") == "hutch++")
                      options.method = TraceMethod::hutch_plus_plus;
                    options.vectors = values.integer("vectors");
                    options.seed = seed;
                    return std::make_unique<HessianTrace>(options);
                  }}};
  kind.is_of_curvature = true;
  return kind;
}

}  // namespace thalweg
