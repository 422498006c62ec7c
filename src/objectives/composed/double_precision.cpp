#include "objectives/composed/double_precision.hpp"

#include <algorithm>

namespace thalweg {

template <class Real>
DoublePrecision<Real>::DoublePrecision(Objective<Real>& inner)
    : inner_(&inner),
      point_(static_cast<std::size_t>(inner.dimension())),
      direction_(point_.size()),
      slice_(static_cast<std::size_t>(inner.space().slice().size())) {}

namespace {
template <class From, class To>
void convert(std::span<const From> from, std::span<To> to) {
  for (std::size_t i = 0; i < from.size(); ++i) to[i] = static_cast<To>(from[i]);
}

}  // namespace

template <class Real>
double DoublePrecision<Real>::value(std::span<const double> x, Subset subset) {
  convert(x, std::span<Real>(point_));
  return inner_->value(point_, subset);
}

template <class Real>
double DoublePrecision<Real>::gradient(std::span<const double> x, Subset subset,
                                       std::span<double> gradient_slice) {
  convert(x, std::span<Real>(point_));
  const double value = inner_->gradient(point_, subset, slice_);
  convert(std::span<const Real>(slice_), gradient_slice);
  return value;
}

template <class Real>
void DoublePrecision<Real>::hessian_vector(std::span<const double> x, std::span<const double> v,
                                           Subset subset, std::span<double> product_slice) {
  convert(x, std::span<Real>(point_));
  convert(v, std::span<Real>(direction_));
  inner_->hessian_vector(point_, direction_, subset, slice_);
  convert(std::span<const Real>(slice_), product_slice);
}

template <class Real>
Evaluation DoublePrecision<Real>::evaluate(std::span<const double> x, Subset subset) {
  auto* classifier = dynamic_cast<Accuracy<Real>*>(inner_);
  if (classifier == nullptr) {
    throw ConfigurationError("the objective has no accuracy: expected the loss of a classifier");
  }
  convert(x, std::span<Real>(point_));
  return classifier->evaluate(point_, subset);
}

template <class Real>
ModelOutputs<Real>& DoublePrecision<Real>::model() const {
  auto* model = dynamic_cast<ModelOutputs<Real>*>(inner_);
  if (model == nullptr) {
    throw ConfigurationError("the objective has no outputs: expected the loss of a model");
  }
  return *model;
}

template <class Real>
std::vector<double> DoublePrecision<Real>::outputs(std::span<const double> x, Subset subset) {
  const std::vector<Real> at(x.begin(), x.end());
  const auto f = model().outputs(at, subset);
  return {f.begin(), f.end()};
}

template <class Real>
std::vector<double> DoublePrecision<Real>::jacobian_product(std::span<const double> x,
                                                            std::span<const double> v,
                                                            Subset subset) {
  const std::vector<Real> at(x.begin(), x.end());
  const auto moved = model().jacobian_product(at, std::vector<Real>(v.begin(), v.end()), subset);
  return {moved.begin(), moved.end()};
}

template <class Real>
void DoublePrecision<Real>::transposed_jacobian_product(std::span<const double> x,
                                                        std::span<const double> u, Subset subset,
                                                        std::span<double> slice) {
  const std::vector<Real> at(x.begin(), x.end());
  model().transposed_jacobian_product(at, std::vector<Real>(u.begin(), u.end()), subset, slice_);
  std::copy(slice_.begin(), slice_.end(), slice.begin());
}

template <class Real>
std::vector<double> DoublePrecision<Real>::tangent_kernel(std::span<const double> x,
                                                          Subset subset) {
  const std::vector<Real> at(x.begin(), x.end());
  const auto kernel = model().tangent_kernel(at, subset);
  return {kernel.begin(), kernel.end()};
}

template <class Real>
std::vector<double> DoublePrecision<Real>::targets(Subset subset) {
  const auto y = model().targets(subset);
  return {y.begin(), y.end()};
}

template <class Real>
std::vector<double> DoublePrecision<Real>::loss_derivatives(std::span<const double> outputs,
                                                            Subset subset) {
  const auto d =
      model().loss_derivatives(std::vector<Real>(outputs.begin(), outputs.end()), subset);
  return {d.begin(), d.end()};
}

template <class Real>
std::vector<double> DoublePrecision<Real>::loss_curvature_products(
    std::span<const double> outputs, std::span<const double> directions) {
  const std::vector<Real> f(outputs.begin(), outputs.end());
  const auto products =
      model().loss_curvature_products(f, std::vector<Real>(directions.begin(), directions.end()));
  return {products.begin(), products.end()};
}

template <class Real>
std::vector<double> DoublePrecision<Real>::squared_gradient_distances(
    std::span<const double> x, std::span<const double> centre, Subset subset) {
  const std::vector<Real> at(x.begin(), x.end());
  const std::vector<Real> from(centre.begin(), centre.end());
  return thalweg::squared_gradient_distances<Real>(*inner_, at, from, subset);
}

template class DoublePrecision<float>;
template class DoublePrecision<double>;

}  // namespace thalweg
