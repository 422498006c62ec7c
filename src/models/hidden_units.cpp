#include "models/hidden_units.hpp"

#include <fmt/format.h>

#include "base/error.hpp"

namespace thalweg {

namespace {

/// Where a weight's input channels lie: after a flatten its columns are channels × pixels.
HiddenUnits::Axis inputs_of(const ParameterBlock& weight, std::int64_t units) {
  const std::int64_t rows = weight.shape[0];
  return {weight.offset, rows, weight.count() / (rows * units)};
}

}  // namespace

std::vector<HiddenUnits> hidden_units(const std::vector<ParameterBlock>& blocks) {
  std::vector<HiddenUnits> layers;
  for (const auto& block : blocks) {
    if (block.shape.size() > 1) {
      if (!layers.empty()) {
        auto& before = layers.back();
        const bool fits = block.shape.size() > 2 ? block.shape[1] == before.units
                                                 : block.shape[1] % before.units == 0;
        if (!fits) {
          throw ConfigurationError(
              fmt::format("the inputs of {} are not the {} outputs of {}: hidden units can be "
                          "exchanged in networks without residual blocks alone",
                          block.name, before.units, before.name));
        }
        before.axes.push_back(inputs_of(block, before.units));
      }
      HiddenUnits layer{block.name, block.shape[0], {}};
      layer.axes.push_back({block.offset, 1, block.count() / block.shape[0]});
      layers.push_back(std::move(layer));
    } else if (!layers.empty()) {
      layers.back().axes.push_back({block.offset, 1, block.count() / layers.back().units});
    }
  }
  if (!layers.empty()) layers.pop_back();  // the outputs are the classes
  return layers;
}

template <class Real>
void permute_units(std::span<Real> w, const HiddenUnits& layer,
                   std::span<const std::int64_t> permutation) {
  for (const auto& axis : layer.axes) {
    const auto inner = static_cast<std::size_t>(axis.inner);
    const auto row = static_cast<std::size_t>(layer.units) * inner;
    std::vector<Real> before(row);
    for (std::int64_t o = 0; o < axis.outer; ++o) {
      const auto part =
          w.subspan(static_cast<std::size_t>(axis.offset) + static_cast<std::size_t>(o) * row, row);
      before.assign(part.begin(), part.end());
      for (std::size_t u = 0; u < permutation.size(); ++u) {
        const std::size_t from = static_cast<std::size_t>(permutation[u]) * inner;
        for (std::size_t i = 0; i < inner; ++i) part[u * inner + i] = before[from + i];
      }
    }
  }
}

template void permute_units(std::span<float>, const HiddenUnits&, std::span<const std::int64_t>);
template void permute_units(std::span<double>, const HiddenUnits&, std::span<const std::int64_t>);

}  // namespace thalweg
