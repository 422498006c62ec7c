#pragma once

#include <optional>
#include <string>
#include <vector>

#include "optimizers/flow/step_control.hpp"

namespace thalweg {

struct OptimizerOptions {
  std::string type = "sgd";  ///< one of optimizer_kinds()
  double momentum = 0.0;     ///< β of sgd (Polyak), nesterov, rmsprop and lars
  double beta1 = 0.9;        ///< adam and adamw
  double beta2 = 0.999;      ///< adam and adamw
  double smoothing = 0.99;   ///< weight of the past in the mean square of rmsprop and adadelta
  double epsilon =
      1e-8;             ///< keeps a quotient finite: adam, adamw, adagrad, adadelta, rmsprop, lars
  double trust = 1e-3;  ///< η of lars, the coefficient of the trust ratio
  /// λ. Of λ/2 ‖w‖², added to the gradient after clipping; for adamw decoupled, w ← (1 − ηλ)w.
  double weight_decay = 0.0;
  /// false: parameters marked ParameterBlock::normalisation (biases, batch norm) do not decay.
  bool decay_normalisation = true;
  double clip_norm = 0.0;  ///< largest norm of the gradient that is stepped with; 0: any
  std::string sharpness_aware = "none";  ///< none | sam | asam
  double radius = 0.05;                  ///< ρ of sam and asam
  FlowOptions flow;                      ///< of flow: how its integrator chooses steps

  /// Does a step follow the flow, in place of a multiple of the gradient?
  [[nodiscard]] bool is_flow() const { return type == "flow"; }

  /// Largest eigenvalue of the Hessian at which the local linear dynamics of full-batch steps is
  /// still stable: 2/η (gradient descent), (2+2β)/η (Polyak), (2+2β)/(η(1+2β)) (Nesterov), and for
  /// the Hessian preconditioned by Optimizer::preconditioner (2+2β₁)/(η(1−β₁)) (Adam, AdamW) and
  /// (2+2β)/η (Adagrad, RMSprop) (Cohen et al. 2021; 2022). λ of a decay added to the gradient
  /// counts as part of the Hessian, a decoupled one is neglected. None where there is no such
  /// number: adadelta, lars, sam, asam, flow.
  [[nodiscard]] std::optional<double> stability_threshold(double learning_rate) const;
};

/// An optimiser's name, usual settings and the keys of OptimizerOptions that it takes besides those
/// that all take.
struct OptimizerKind {
  OptimizerOptions defaults;
  double learning_rate = 0.0;  ///< usual rate
  std::vector<std::string> keys;
  [[nodiscard]] const std::string& type() const { return defaults.type; }
  [[nodiscard]] bool takes(const std::string& key) const;
};

/// All there are. Defaults as in PyTorch, lars as in its paper.
const std::vector<OptimizerKind>& optimizer_kinds();
/// Throws ConfigurationError for an unknown type.
const OptimizerKind& optimizer_kind(const std::string& type);
/// ρ that the papers use: .05 for sam (Foret et al. 2021), .5 for asam (Kwon et al. 2021).
[[nodiscard]] double default_radius(const std::string& sharpness_aware);

}  // namespace thalweg
