#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "data/npz.hpp"
#include "models/layer.hpp"

namespace thalweg {

/// A network's parameters and the running statistics of its norms as named arrays in the layout of
/// PyTorch: dense weights outputs × inputs, those of convolutions filters × channels × height ×
/// width; names such as conv1.weight, norm1.running_mean. `blocks` are Network::parameters(),
/// `statistics` Network::buffers(). Local.
template <class Real>
std::vector<NamedArray> named_weights(const std::vector<ParameterBlock>& blocks,
                                      std::span<const Real> w, std::span<const double> statistics);

/// The opposite. Arrays that are called as above are told by their names; where some
/// names end in .weight, .bias, .running_mean or .running_var (a state dict's), these by the order
/// of their layers; where none does, all by their order alone. num_batches_tracked is passed over.
/// The bias of a layer that has none here, since a norm follows it, is taken off that norm's
/// running mean, which is the same function. Local. Throws ConfigurationError that begins with
/// `file` and names array, shape and what was expected, where anything is missing, left over, of
/// another shape or type, not finite, or a negative variance.
template <class Real>
void assign_weights(const std::string& file, const std::vector<NamedArray>& arrays,
                    const std::vector<ParameterBlock>& blocks, std::span<Real> w,
                    std::span<double> statistics);

}  // namespace thalweg
