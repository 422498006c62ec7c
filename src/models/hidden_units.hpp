#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "models/layer.hpp"

namespace thalweg {

/// The neurons or channels of one hidden layer of a chain of layers. Exchanging them changes the
/// parameters and not the function: h! points of the same loss a layer.
struct HiddenUnits {
  /// An array outer × units × inner within the parameters, whose middle axis counts the units.
  struct Axis {
    std::int64_t offset = 0;
    std::int64_t outer = 1;
    std::int64_t inner = 1;
  };
  std::string name;  ///< of the weights that make them
  std::int64_t units = 0;
  std::vector<Axis> axes;
};

/// The hidden layers of a network of dense layers, convolutions and norms one after the other,
/// pools, activations and flatten between them. Local. Throws ConfigurationError where the blocks
/// do not follow each other so (residual blocks).
[[nodiscard]] std::vector<HiddenUnits> hidden_units(const std::vector<ParameterBlock>& blocks);

/// Puts unit permutation[u] at place u. Local.
template <class Real>
void permute_units(std::span<Real> w, const HiddenUnits& layer,
                   std::span<const std::int64_t> permutation);

}  // namespace thalweg
