#include "probes/hessian_trace.hpp"

#include "objectives/parameter_layout.hpp"
#include "parallel/random_slice.hpp"
#include "parallel/range_dots.hpp"
#include "probes/estimate.hpp"

namespace thalweg {

Measurement HessianTrace::measure(Objective<double>& objective, std::span<const double> x,
                                  Subset subset) {
  using Numbers = std::span<const double>;
  const VectorSpace& space = objective.space();
  std::vector<std::string> names;
  std::vector<Range> ranges;
  for (const auto& block : parameter_blocks_of(objective)) {
    names.push_back(block.name);
    ranges.push_back({block.offset, block.offset + block.count()});
  }
  std::vector<double> traces;
  std::vector<double> squares;
  std::vector<std::vector<double>> of_blocks(ranges.size());
  std::vector<double> whole(static_cast<std::size_t>(space.dimension()));
  std::vector<double> product(static_cast<std::size_t>(space.slice().size()));
  for (std::int64_t draw = 0; draw < options_.vectors; ++draw) {
    const auto v = random_slice(space, options_.seed, Purpose::trace_vector, draw,
                                [](Stream& stream) { return stream.rademacher(); });
    space.gather(Numbers(v), std::span(whole));
    objective.hessian_vector(x, whole, subset, product);
    traces.push_back(space.dot(Numbers(v), Numbers(product)));
    squares.push_back(space.dot(Numbers(product), Numbers(product)));
    const auto parts =
        range_dots(space, std::span<const Range>(ranges), Numbers(v), Numbers(product));
    for (std::size_t k = 0; k < parts.size(); ++k) of_blocks[k].push_back(parts[k]);
  }
  const Estimate trace = mean_of(traces);
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
      {"trace", trace.value, "1", "trace of the Hessian"},
      {"trace_error", trace.error, "1", "its standard error"},
      {"frobenius_squared", frobenius.value, "1", "squared Frobenius norm of the Hessian"},
      {"frobenius_squared_error", frobenius.error, "1", "its standard error"},
      {"products", static_cast<double>(options_.vectors), "1", "Hessian-vector products used"},
  };
  found.details = {
      {"block_name", names, "block", "1", "block of parameters"},
      {"block_trace", block_traces, "block", "1", "trace of the block's own Hessian"},
      {"block_trace_error", block_errors, "block", "1", "its standard error"},
  };
  return found;
}

}  // namespace thalweg
