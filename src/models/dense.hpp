#pragma once

#include <memory>
#include <string>

#include "models/layer.hpp"

namespace thalweg {

/// Where the size of the initial weights sits.
enum class Parametrization {
  standard,  ///< in the weights: y = x Wᵀ + b, filled by `initialisation`
  ntk,  ///< in the layer: y = (σ_w/√inputs) x Wᵀ + σ_b b, all entries from N(0, 1) (Jacot et
        ///< al. 2018): one learning rate suits all widths
};

struct DenseOptions {
  bool bias = true;
  Parametrization parametrization = Parametrization::standard;
  std::string initialisation = "he_normal";  ///< standard: initialisation_names()
  double gain = 1.0;                         ///< of he_…: 2 before a ReLU, 1 before the loss
  double weight_std = 1.0;                   ///< ntk: σ_w
  double bias_std = 0.0;                     ///< ntk: σ_b
};

/// A dense layer with W (outputs × inputs, row-major) then b (outputs). Flops a row: forward
/// 2·in·out, backward 4·in·out; a product with the
/// Hessian 16·in·out, 12·in·out after the first at a point.
template <class Real>
std::unique_ptr<Layer<Real>> make_dense(std::int64_t inputs, std::int64_t outputs,
                                        const DenseOptions& options, const std::string& name);

}  // namespace thalweg
