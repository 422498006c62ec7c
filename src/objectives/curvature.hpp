#pragma once

#include <vector>

#include "objectives/composed/product_precision.hpp"
#include "objectives/network/model_outputs.hpp"
#include "objectives/objective.hpp"
#include "objectives/parameter_layout.hpp"

namespace thalweg {

/// Matrices that are called the curvature of a loss f = (1/N) Σ ℓ_i(f_i(x)) of a model's outputs.
enum class CurvatureMatrix {
  hessian,       ///< ∇²f
  gauss_newton,  ///< (1/N) Σ J_iᵀ (∂²ℓ_i/∂f²) J_i (Schraudolph 2002), never indefinite
  empirical_fisher,  ///< (1/N) Σ g_i g_iᵀ, g_i = J_iᵀ ∂ℓ_i/∂f the sample's own gradient, not
                     ///< centred
};

/// An objective with another matrix in place of its Hessian in products with vectors.
///
/// For both losses there are, cross-entropy and the squared error (as a Gaussian of unit variance),
/// the Fisher matrix of the model's own distribution equals the Gauss–Newton matrix: the Hessian of
/// ℓ_i in the outputs does not depend on the label (Martens 2020, 1412.1193, section 9.2). The
/// empirical Fisher takes the data's labels instead and is another matrix (Kunstner et al. 2019,
/// 1905.12558). With batch norm's statistics of the batch, J_i and g_i are derivatives of sample
/// i's outputs and loss through those statistics too.
///
/// A product costs two forward passes, one along the direction and one backward: about two
/// gradients; besides, samples × outputs on every rank. The Hessian's products pass through.
class Curvature final : public Objective<double>, public ParameterLayout, public ProductPrecision {
 public:
  /// Throws ConfigurationError for another matrix than the Hessian of an objective without
  /// ModelOutputs.
  Curvature(Objective<double>& inner, CurvatureMatrix matrix);
  [[nodiscard]] const VectorSpace& space() const override { return inner_->space(); }
  [[nodiscard]] std::int64_t sample_count() const override { return inner_->sample_count(); }
  double value(std::span<const double> x, Subset subset) override {
    return inner_->value(x, subset);
  }
  double gradient(std::span<const double> x, Subset subset,
                  std::span<double> gradient_slice) override {
    return inner_->gradient(x, subset, gradient_slice);
  }
  void hessian_vector(std::span<const double> x, std::span<const double> v, Subset subset,
                      std::span<double> product_slice) override;
  [[nodiscard]] std::vector<ParameterBlock> parameter_blocks() const override {
    return parameter_blocks_of(*inner_);
  }
  [[nodiscard]] double unit_roundoff() const override { return unit_roundoff_of(*inner_); }

 private:
  /// Outputs and derivatives at x, kept until the point or the samples change.
  void look(std::span<const double> x, Subset subset);

  Objective<double>* inner_;
  CurvatureMatrix matrix_;
  ModelOutputs<double>* model_ = nullptr;
  std::vector<double> at_;
  std::vector<std::int64_t> of_;
  std::vector<double> outputs_;
  std::vector<double> derivatives_;
};

}  // namespace thalweg
