#pragma once

#include <vector>

#include "objectives/composed/product_precision.hpp"
#include "objectives/network/accuracy.hpp"
#include "objectives/network/model_outputs.hpp"
#include "objectives/network/sample_gradients.hpp"
#include "objectives/objective.hpp"
#include "objectives/parameter_layout.hpp"

namespace thalweg {

/// Sees a float32 objective in float64: probes work in float64 throughout, the network in its own
/// type.
template <class Real>
class DoublePrecision final : public Objective<double>,
                              public Accuracy<double>,
                              public ModelOutputs<double>,
                              public SampleGradients<double>,
                              public ParameterLayout,
                              public ProductPrecision {
 public:
  explicit DoublePrecision(Objective<Real>& inner);
  [[nodiscard]] const VectorSpace& space() const override { return inner_->space(); }
  [[nodiscard]] std::int64_t sample_count() const override { return inner_->sample_count(); }
  double value(std::span<const double> x, Subset subset) override;
  double gradient(std::span<const double> x, Subset subset,
                  std::span<double> gradient_slice) override;
  void hessian_vector(std::span<const double> x, std::span<const double> v, Subset subset,
                      std::span<double> product_slice) override;
  /// Throws ConfigurationError where the inner objective knows of no accuracy.
  Evaluation evaluate(std::span<const double> x, Subset subset) override;
  // Throw ConfigurationError where the inner objective has no outputs.
  std::vector<double> outputs(std::span<const double> x, Subset subset) override;
  std::vector<double> jacobian_product(std::span<const double> x, std::span<const double> v,
                                       Subset subset) override;
  void transposed_jacobian_product(std::span<const double> x, std::span<const double> u,
                                   Subset subset, std::span<double> slice) override;
  std::vector<double> tangent_kernel(std::span<const double> x, Subset subset) override;
  std::vector<double> targets(Subset subset) override;
  std::vector<double> loss_derivatives(std::span<const double> outputs, Subset subset) override;
  std::vector<double> loss_curvature_products(std::span<const double> outputs,
                                              std::span<const double> directions) override;
  std::vector<double> squared_gradient_distances(std::span<const double> x,
                                                 std::span<const double> centre,
                                                 Subset subset) override;
  [[nodiscard]] std::vector<ParameterBlock> parameter_blocks() const override {
    return parameter_blocks_of(*inner_);
  }
  [[nodiscard]] double unit_roundoff() const override { return unit_roundoff_of(*inner_); }

 private:
  [[nodiscard]] ModelOutputs<Real>& model() const;
  Objective<Real>* inner_;
  std::vector<Real> point_;
  std::vector<Real> direction_;
  std::vector<Real> slice_;
};

}  // namespace thalweg
