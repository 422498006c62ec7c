#include "probes/norms.hpp"

#include "base/error.hpp"
#include "objectives/parameter_layout.hpp"
#include "parallel/range_dots.hpp"
#include "probes/probe_kind.hpp"

namespace thalweg {

void Norms::begin(Objective<double>& objective, std::span<const double> start, Subset /*subset*/) {
  const auto mine = objective.space().slice_of(start);
  start_slice_.assign(mine.begin(), mine.end());
  begun_ = true;
}

Measurement Norms::measure(Objective<double>& objective, std::span<const double> x, Subset subset) {
  if (!begun_) throw Error("norms: the run's beginning was not seen");
  using Numbers = std::span<const double>;
  const VectorSpace& space = objective.space();
  const Numbers point = space.slice_of(x);
  std::vector<double> gradient(point.size());
  objective.gradient(x, subset, gradient);
  std::vector<double> way(point.size());
  for (std::size_t i = 0; i < way.size(); ++i) way[i] = point[i] - start_slice_[i];

  std::vector<std::string> names;
  std::vector<double> sizes;
  std::vector<Range> ranges;
  for (const auto& block : parameter_blocks_of(objective)) {
    names.push_back(block.name);
    sizes.push_back(static_cast<double>(block.count()));
    ranges.push_back({block.offset, block.offset + block.count()});
  }
  Measurement found;
  found.scalars = {
      {"parameter_norm", space.norm(point), "1", "norm of the parameters"},
      {"gradient_norm", space.norm(Numbers(gradient)), "1", "norm of the subset's gradient"},
      {"distance_from_start", space.norm(Numbers(way)), "1", "distance from the run's start"},
  };
  found.details = {
      {"block_name", names, "block", "1", "block of parameters"},
      {"block_size", sizes, "block", "1", "parameters of the block"},
      {"block_parameter_norm", range_norms(space, ranges, point), "block", "1",
       "norm of the block's parameters"},
      {"block_gradient_norm", range_norms(space, ranges, Numbers(gradient)), "block", "1",
       "norm of the subset's gradient by the block"},
      {"block_distance_from_start", range_norms(space, ranges, Numbers(way)), "block", "1",
       "the block's distance from the run's start"},
  };
  return found;
}

ProbeKind norms_kind() {
  ProbeKind kind{
      {{"norms",
        "parameters, gradient and way from the start, in whole and block by block; exact; "
        "a gradient",
        {}},
       [](const Values& /*values*/, std::uint64_t /*seed*/) { return std::make_unique<Norms>(); }}};
  kind.draws = draws_nothing;
  return kind;
}

}  // namespace thalweg
