#include "objectives/curvature.hpp"

#include <algorithm>

#include "base/error.hpp"

namespace thalweg {

Curvature::Curvature(Objective<double>& inner, CurvatureMatrix matrix)
    : inner_(&inner), matrix_(matrix) {
  if (matrix == CurvatureMatrix::hessian) return;
  model_ = dynamic_cast<ModelOutputs<double>*>(&inner);
  if (model_ == nullptr) {
    throw ConfigurationError(
        "the objective has no outputs, which gauss_newton and empirical_fisher need: expected the "
        "loss of a model");
  }
}

void Curvature::look(std::span<const double> x, Subset subset) {
  const bool is_kept = !at_.empty() && std::equal(x.begin(), x.end(), at_.begin(), at_.end()) &&
                       std::equal(subset.begin(), subset.end(), of_.begin(), of_.end());
  if (is_kept) return;
  at_.assign(x.begin(), x.end());
  of_.assign(subset.begin(), subset.end());
  outputs_ = model_->outputs(x, subset);
  if (matrix_ == CurvatureMatrix::empirical_fisher) {
    derivatives_ = model_->loss_derivatives(outputs_, subset);
  }
}

void Curvature::hessian_vector(std::span<const double> x, std::span<const double> v, Subset subset,
                               std::span<double> product_slice) {
  if (matrix_ == CurvatureMatrix::hessian) {
    inner_->hessian_vector(x, v, subset, product_slice);
    return;
  }
  look(x, subset);
  const auto moved = model_->jacobian_product(x, v, subset);
  const std::size_t samples =
      subset.empty() ? static_cast<std::size_t>(inner_->sample_count()) : subset.size();
  const double share = 1.0 / static_cast<double>(samples);
  std::vector<double> back;
  if (matrix_ == CurvatureMatrix::gauss_newton) {
    back = model_->loss_curvature_products(outputs_, moved);
    for (auto& value : back) value *= share;
  } else {
    back = derivatives_;
    const std::size_t width = back.size() / samples;
    for (std::size_t first = 0; first < back.size(); first += width) {
      double along = 0.0;  // g_iᵀ v
      for (std::size_t o = first; o < first + width; ++o) along += derivatives_[o] * moved[o];
      for (std::size_t o = first; o < first + width; ++o) back[o] *= along * share;
    }
  }
  model_->transposed_jacobian_product(x, back, subset, product_slice);
}

}  // namespace thalweg
