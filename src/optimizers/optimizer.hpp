#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include "optimizers/parameter_blocks.hpp"

namespace thalweg {

/// Moves this rank's slice of the parameters by this rank's slice of the gradient. What it
/// remembers are slices too, saved and restored exactly. A flow is none: it asks for gradients at
/// other points, see FlowStep.
template <class Real>
class Optimizer {
 public:
  Optimizer() = default;
  Optimizer(const Optimizer&) = delete;
  Optimizer& operator=(const Optimizer&) = delete;
  virtual ~Optimizer() = default;
  /// Local, element by element; collective for lars, which needs norms.
  virtual void step(std::span<Real> w, std::span<const Real> gradient, double learning_rate) = 0;
  /// Slices of the state, each as long as the parameters' slice. As many on every rank.
  [[nodiscard]] virtual std::vector<std::span<Real>> state() = 0;
  /// This rank's slice of the diagonal P by which the step divides the gradient, as it stands; none
  /// on every rank where that is 1. Local.
  [[nodiscard]] virtual std::optional<std::vector<Real>> preconditioner() const {
    return std::nullopt;
  }
  /// Steps taken so far; part of the state where a formula depends on it.
  [[nodiscard]] std::int64_t steps() const { return steps_; }
  void set_steps(std::int64_t steps) { steps_ = steps; }

 protected:
  std::int64_t steps_ = 0;
};

/// One whose step treats every element by itself: each stretch of the slice with its weight decay.
template <class Real>
class ElementwiseOptimizer : public Optimizer<Real> {
 public:
  explicit ElementwiseOptimizer(std::vector<DecayStretch> stretches)
      : stretches_(std::move(stretches)) {}

  void step(std::span<Real> w, std::span<const Real> gradient, double learning_rate) final {
    ++this->steps_;
    for (const auto& stretch : stretches_) move(w, gradient, learning_rate, stretch);
  }

 private:
  /// The step of the elements of `stretch` alone, steps() counting it already. Local.
  virtual void move(std::span<Real> w, std::span<const Real> gradient, double learning_rate,
                    const DecayStretch& stretch) = 0;

  std::vector<DecayStretch> stretches_;
};

}  // namespace thalweg
