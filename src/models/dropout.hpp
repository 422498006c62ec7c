#pragma once

#include <memory>

#include "models/layer.hpp"

namespace thalweg {

/// Inverted dropout (Srivastava et al. 2014): in training steps each number is zeroed with
/// probability `rate`, the others are divided by 1 − rate; elsewhere nothing happens. The mask of a
/// row is drawn from the stream (seed, dropout, step, layer, row of the batch), so it does not
/// depend on shards or ranks. `layer` tells the net's dropout layers apart. Throws Error for a
/// rate outside [0, 1) and from layer 256 on.
template <class Real>
std::unique_ptr<Layer<Real>> make_dropout(std::int64_t features, double rate, std::uint64_t layer);

}  // namespace thalweg
