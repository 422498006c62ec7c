#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "objectives/objective.hpp"

namespace thalweg {

/// What an objective that is a loss of a model's outputs on samples can do besides. A probe asks
/// for it by dynamic_cast and says so where it is missing. Every function is collective over the
/// objective's team, if it does not say otherwise, and returns the same bits on any number of
/// ranks.
template <class Real>
class ModelOutputs {
 public:
  ModelOutputs() = default;
  ModelOutputs(const ModelOutputs&) = delete;
  ModelOutputs& operator=(const ModelOutputs&) = delete;
  virtual ~ModelOutputs() = default;

  /// f(x): samples × outputs, row-major, on every rank.
  virtual std::vector<Real> outputs(std::span<const Real> x, Subset subset) = 0;
  /// J(x) v, J the derivative of the outputs by the parameters: samples × outputs on every rank.
  virtual std::vector<Real> jacobian_product(std::span<const Real> x, std::span<const Real> v,
                                             Subset subset) = 0;
  /// This rank's slice of J(x)ᵀ u, u being samples × outputs on every rank.
  virtual void transposed_jacobian_product(std::span<const Real> x, std::span<const Real> u,
                                           Subset subset, std::span<Real> slice) = 0;
  /// The empirical tangent kernel of the samples, the mean over outputs of ∂f_o(x)·∂f_o(x'):
  /// samples × samples on every rank. Throws ConfigurationError where a sample's output depends on
  /// the others.
  virtual std::vector<Real> tangent_kernel(std::span<const Real> x, Subset subset) = 0;
  /// ∂ℓ_i/∂f of each sample's own loss at the given outputs: samples × outputs, as they are. Local.
  virtual std::vector<Real> loss_derivatives(std::span<const Real> outputs, Subset subset) = 0;
  /// (∂²ℓ_i/∂f²) d_i of each sample's own loss at the given outputs, d being samples × outputs as
  /// they are: (diag(p) − p pᵀ) d_i for cross-entropy, p = softmax(f_i), and d_i for the squared
  /// error. Local.
  virtual std::vector<Real> loss_curvature_products(std::span<const Real> outputs,
                                                    std::span<const Real> directions) = 0;
  /// What the outputs are compared with: one-hot minus 1/classes, samples × outputs, on every rank.
  virtual std::vector<Real> targets(Subset subset) = 0;
};

}  // namespace thalweg
