#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

namespace thalweg {

/// Moves this rank's slice of the parameters, element by element, by this rank's slice of the
/// gradient. What it remembers are slices too, saved and restored exactly. Local.
template <class Real>
class Optimizer {
 public:
  Optimizer() = default;
  Optimizer(const Optimizer&) = delete;
  Optimizer& operator=(const Optimizer&) = delete;
  virtual ~Optimizer() = default;
  virtual void step(std::span<Real> w, std::span<const Real> gradient, double learning_rate) = 0;
  /// Slices of the state, each as long as the parameters' slice.
  [[nodiscard]] virtual std::vector<std::span<Real>> state() = 0;
  /// Steps taken so far; part of the state where a formula depends on it.
  [[nodiscard]] std::int64_t steps() const { return steps_; }
  void set_steps(std::int64_t steps) { steps_ = steps; }

 protected:
  std::int64_t steps_ = 0;
};

struct OptimizerOptions {
  std::string type = "sgd";  ///< sgd | nesterov | adam
  double momentum = 0.0;     ///< sgd (Polyak) and nesterov
  double beta1 = 0.9;
  double beta2 = 0.999;
  double epsilon = 1e-8;
  double weight_decay = 0.0;  ///< λ of λ/2 ‖w‖², added to the gradient
};

/// Throws ConfigurationError for an unknown type.
template <class Real>
std::unique_ptr<Optimizer<Real>> make_optimizer(const OptimizerOptions& options,
                                                std::int64_t slice_size);

}  // namespace thalweg
