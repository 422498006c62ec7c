#include "optimizers/parameter_blocks.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/error.hpp"

namespace thalweg {

std::vector<ParameterBlock> complete_blocks(std::vector<ParameterBlock> blocks,
                                            std::int64_t dimension) {
  std::sort(blocks.begin(), blocks.end(),
            [](const auto& a, const auto& b) { return a.offset < b.offset; });
  std::vector<ParameterBlock> complete;
  std::int64_t at = 0;
  const auto fill_up_to = [&](std::int64_t end) {
    if (end > at) complete.push_back({"", at, {end - at}, false});
  };
  for (auto& block : blocks) {
    const std::int64_t end = block.offset + block.count();
    if (block.offset < at || end > dimension) {
      throw Error(fmt::format(
          "parameter block '{}' covers [{}, {}), expected a part of [{}, {}) of its own",
          block.name, block.offset, end, at, dimension));
    }
    if (end == block.offset) continue;
    fill_up_to(block.offset);
    complete.push_back(std::move(block));
    at = end;
  }
  fill_up_to(dimension);
  return complete;
}

std::vector<DecayStretch> decay_stretches(const std::vector<ParameterBlock>& blocks, Range slice,
                                          double weight_decay, bool decay_normalisation) {
  if (decay_normalisation || weight_decay == 0.0) return {{{0, slice.size()}, weight_decay}};
  std::vector<DecayStretch> stretches;
  for (const auto& block : blocks) {
    const Range range{std::max(block.offset, slice.begin) - slice.begin,
                      std::min(block.offset + block.count(), slice.end) - slice.begin};
    if (range.size() <= 0) continue;
    const double decay = block.normalisation ? 0.0 : weight_decay;
    if (!stretches.empty() && stretches.back().weight_decay == decay) {
      stretches.back().range.end = range.end;
    } else {
      stretches.push_back({range, decay});
    }
  }
  return stretches;
}

}  // namespace thalweg
