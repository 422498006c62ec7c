#pragma once

#include <vector>

#include "models/layer.hpp"
#include "objectives/objective.hpp"

namespace thalweg {

/// What an objective knows of its parameters: named blocks (a layer's weights, its biases, …) that
/// cover every parameter once, with ascending offsets.
class ParameterLayout {
 public:
  ParameterLayout() = default;
  ParameterLayout(const ParameterLayout&) = delete;
  ParameterLayout& operator=(const ParameterLayout&) = delete;
  virtual ~ParameterLayout() = default;

  /// Local; the same on every rank.
  [[nodiscard]] virtual std::vector<ParameterBlock> parameter_blocks() const = 0;
};

/// The objective's blocks; one block "parameters" of all where it tells of none. Local.
template <class Real>
std::vector<ParameterBlock> parameter_blocks_of(const Objective<Real>& objective) {
  if (const auto* layout = dynamic_cast<const ParameterLayout*>(&objective)) {
    return layout->parameter_blocks();
  }
  return {{"parameters", 0, {objective.dimension()}, false}};
}

/// Parameters of all blocks together.
[[nodiscard]] inline std::int64_t parameter_count(const std::vector<ParameterBlock>& blocks) {
  std::int64_t count = 0;
  for (const auto& block : blocks) count += block.count();
  return count;
}

}  // namespace thalweg
