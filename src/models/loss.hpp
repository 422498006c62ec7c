#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "models/batch_layout.hpp"

namespace thalweg {

enum class LossKind {
  cross_entropy,  ///< mean over samples of −ln softmax(f)_y
  squared,        ///< mean over samples of ½‖f − t‖², t = one-hot minus 1/classes
};

/// Per shard of this rank two numbers: the sum over its samples of the loss, and the count of
/// samples whose largest output is their label (ties go to the lower class; a NaN is never right).
/// Where `d_out` is not null it receives the derivative of the *mean* over `batch`
/// samples, of which the layout may be a piece. Local.
template <class Real>
std::vector<double> loss_of_shards(LossKind kind, const BatchLayout& layout, const Real* outputs,
                                   std::span<const std::int32_t> labels, std::int64_t classes,
                                   std::int64_t batch, Real* d_out);

/// R-derivative of d_out along r_outputs. Local.
template <class Real>
void loss_r_backward(LossKind kind, const BatchLayout& layout, const Real* outputs,
                     const Real* r_outputs, std::int64_t classes, std::int64_t batch,
                     Real* r_d_out);

}  // namespace thalweg
