#pragma once

#include <cstdint>
#include <vector>

#include "models/network.hpp"

namespace thalweg {

enum class BatchNormKind { none, batch, ghost };

struct MlpOptions {
  std::int64_t inputs = 0;
  std::vector<std::int64_t> widths;  ///< of the hidden layers; empty for a linear model
  std::int64_t outputs = 0;
  BatchNormKind batch_norm = BatchNormKind::batch;
  std::int64_t ghost_size = 0;
};

/// Hidden layers of dense, batch norm (if any) and ReLU, then a dense readout. A dense layer that
/// batch norm follows has no bias of its own: batch norm would take it off again. Keskar et al.'s
/// F1 is widths {512, 512, 512, 512, 512} with batch norm.
template <class Real>
Network<Real> make_mlp(const MlpOptions& options);

}  // namespace thalweg
