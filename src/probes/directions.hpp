#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "models/layer.hpp"

namespace thalweg {

/// How long a direction's parts are made: like the parameters' own filters (the rows of a weight:
/// what makes one channel or neuron), like their blocks, or as they came.
enum class DirectionNorm { none, layer, filter };

/// Independent N(0, 1) elements of the index-th direction of a seed, the whole vector. Local; the
/// same on every rank.
[[nodiscard]] std::vector<double> random_direction(std::int64_t dimension, std::uint64_t seed,
                                                   std::int64_t index);

/// Scales every filter of d by ‖w_f‖/‖d_f‖, or every block likewise (Li et al. 2018, 1712.09913):
/// what a unit step along it means then no longer depends on how layers are scaled. A block with a
/// single axis is one filter; parts of d that are 0 stay so. Local.
template <class Real>
void normalise_direction(std::span<double> d, std::span<const Real> w,
                         const std::vector<ParameterBlock>& blocks, DirectionNorm norm);

/// Sets biases and parameters of batch norm to 0 (the same paper: they have no filters). Local.
void leave_out_biases(std::span<double> d, const std::vector<ParameterBlock>& blocks);

}  // namespace thalweg
