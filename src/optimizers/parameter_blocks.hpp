#pragma once

#include <cstdint>
#include <vector>

#include "models/layer.hpp"
#include "parallel/vector_space.hpp"

namespace thalweg {

/// The blocks in order of their offsets, every gap between them filled by an unnamed block that is
/// not a normalisation; one block for everything where there are none. Throws Error where blocks
/// overlap or reach beyond `dimension`. Local.
std::vector<ParameterBlock> complete_blocks(std::vector<ParameterBlock> blocks,
                                            std::int64_t dimension);

/// Elements of a rank's slice that share a weight decay, counted from the slice's begin.
struct DecayStretch {
  Range range;
  double weight_decay = 0.0;
};

/// A slice cut where the decay changes; `blocks` are complete. Local.
std::vector<DecayStretch> decay_stretches(const std::vector<ParameterBlock>& blocks, Range slice,
                                          double weight_decay, bool decay_normalisation);

}  // namespace thalweg
