#pragma once

#include <cstdint>
#include <numbers>
#include <string>
#include <vector>

#include "models/dense.hpp"
#include "models/network.hpp"

namespace thalweg {

enum class BatchNormKind { none, batch, ghost };

struct MlpOptions {
  std::int64_t inputs = 0;
  std::vector<std::int64_t> widths;  ///< of the hidden layers; empty for a linear model
  std::int64_t outputs = 0;
  BatchNormKind batch_norm = BatchNormKind::batch;
  std::int64_t ghost_size = 0;
  std::string activation = "relu";           ///< of nonlinearity_names()
  std::string initialisation = "he_normal";  ///< of initialisation_names(); not for ntk
  Parametrization parametrization = Parametrization::standard;
  double weight_std = std::numbers::sqrt2;  ///< σ_w of every dense layer; ntk only
  double bias_std = 0.0;                    ///< σ_b; 0: no biases. ntk only
};

/// Hidden layers of dense, batch norm (if any) and activation, then a dense readout. A dense layer
/// that batch norm follows has no bias of its own: batch norm would take it off again. Keskar et
/// al.'s F1 is widths {512, 512, 512, 512, 512} with batch norm. In the NTK parametrisation (all
/// dense layers, the readout too; without batch norm, else Error) the net's infinitely wide limit
/// is the fully connected kernel of its activation with the same σ_w and σ_b.
template <class Real>
Network<Real> make_mlp(const MlpOptions& options);

}  // namespace thalweg
