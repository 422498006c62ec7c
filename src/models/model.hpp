#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "data/data_options.hpp"
#include "models/architecture.hpp"
#include "models/mlp.hpp"
#include "models/network.hpp"

namespace thalweg {

/// What a [model] table says.
struct ModelOptions {
  /// The fully connected network, where `layers` is empty; its inputs and outputs are left to the
  /// data.
  MlpOptions mlp;
  std::vector<LayerSpec> layers;
  // Of either:
  BatchNormKind batch_norm = BatchNormKind::batch;
  std::int64_t ghost_size = 0;
  std::string initialisation = "he_normal";

  /// Does the network on any data have batch norm?
  [[nodiscard]] bool has_batch_norm() const;
};

/// The network for samples of this shape (in planes, as data sets have them) and so many classes.
/// Throws ConfigurationError where a layer does not fit what comes in. Local.
template <class Real>
Network<Real> make_model(const ModelOptions& options, const ImageShape& input,
                         std::int64_t classes);

}  // namespace thalweg
