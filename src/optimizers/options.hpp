#pragma once

#include <optional>
#include <string>

#include "optimizers/flow/step_control.hpp"
#include "optimizers/optimizer_kind.hpp"

namespace thalweg {

/// What [optimizer] says but for the rate: a kind, the values of its own keys, and what all kinds
/// share.
struct OptimizerOptions {
  /// The usual settings of a kind, of sgd where none is named. Local. Throws ConfigurationError for
  /// an unknown type.
  explicit OptimizerOptions(const std::string& kind_name);
  OptimizerOptions() : OptimizerOptions("sgd") {}

  std::string type;  ///< one of optimizer_kinds()
  Values values;     ///< of the kind's own keys; as read, of those of all kinds, too
  /// λ. Of λ/2 ‖w‖², added to the gradient after clipping; for adamw decoupled, w ← (1 − ηλ)w.
  double weight_decay = 0.0;
  /// false: parameters marked ParameterBlock::normalisation (biases, batch norm) do not decay.
  bool decay_normalisation = true;
  double clip_norm = 0.0;  ///< largest norm of the gradient that is stepped with; 0: any
  std::string sharpness_aware = "none";  ///< none | sam | asam
  double radius = 0.05;                  ///< ρ of sam and asam

  [[nodiscard]] const OptimizerKind& kind() const { return optimizer_kind(type); }
  /// Does a step follow the flow, in place of a multiple of the gradient?
  [[nodiscard]] bool is_flow() const { return kind().is_flow(); }
  /// Of a flow: how its integrator chooses steps. Local.
  [[nodiscard]] FlowOptions flow() const;
  /// Gradient descent, without a memory of earlier steps?
  [[nodiscard]] bool is_plain_descent() const {
    return type == "sgd" && values.number("momentum") == 0.0;
  }

  /// Largest eigenvalue of the Hessian at which the local linear dynamics of full-batch steps is
  /// still stable: 2/η (gradient descent), (2+2β)/η (Polyak), (2+2β)/(η(1+2β)) (Nesterov), and for
  /// the Hessian preconditioned by Optimizer::preconditioner (2+2β₁)/(η(1−β₁)) (Adam, AdamW) and
  /// (2+2β)/η (Adagrad, RMSprop) (Cohen et al. 2021; 2022). λ of a decay added to the gradient
  /// counts as part of the Hessian, a decoupled one is neglected. None where there is no such
  /// number: adadelta, lars, sam, asam, flow.
  [[nodiscard]] std::optional<double> stability_threshold(double learning_rate) const;
};

/// An optimiser for parameters of `space`, whose `blocks` decide what decays and what lars scales
/// together; without blocks all parameters are one. Local. Throws ConfigurationError for an unknown
/// type, and for a flow, which is none. Clipping and sharpness-aware steps are the Stepper's.
template <class Real>
std::unique_ptr<Optimizer<Real>> make_optimizer(const OptimizerOptions& options,
                                                const VectorSpace& space,
                                                std::vector<ParameterBlock> blocks = {});

/// ρ that the papers use: .05 for sam (Foret et al. 2021), .5 for asam (Kwon et al. 2021).
[[nodiscard]] double default_radius(const std::string& sharpness_aware);

}  // namespace thalweg
