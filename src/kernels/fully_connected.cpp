#include "kernels/fully_connected.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>

#include "base/error.hpp"
#include "kernels/duals.hpp"
#include "kernels/sample_panels.hpp"

namespace thalweg {

const std::vector<std::string>& activation_names() {
  static const std::vector<std::string> names{"relu", "leaky_relu", "abs", "erf", "gelu"};
  return names;
}

Activation activation_named(const std::string& name) {
  const auto& names = activation_names();
  const auto found = std::find(names.begin(), names.end(), name);
  if (found == names.end()) throw Error(fmt::format("activation '{}' is not known", name));
  return static_cast<Activation>(found - names.begin());
}

namespace {

// One type an activation: the choice is made once a tile, not once an element.
template <class Real>
struct ReluLayer {
  Dual<Real> operator()(Real q11, Real q12, Real q22) const { return relu_dual(q11, q12, q22); }
};
template <class Real>
struct RectifierLayer {
  Real negative;
  Dual<Real> operator()(Real q11, Real q12, Real q22) const {
    return rectifier_dual(negative, Real{1}, q11, q12, q22);
  }
};
template <class Real>
struct ErfLayer {
  Dual<Real> operator()(Real q11, Real q12, Real q22) const { return erf_dual(q11, q12, q22); }
};
template <class Real>
struct GeluLayer {
  Dual<Real> operator()(Real q11, Real q12, Real q22) const { return gelu_dual(q11, q12, q22); }
};

template <class Real, class Work>
void with_activation(const FullyConnectedKernel& kernel, Work&& work) {
  switch (kernel.activation) {
    case Activation::relu:
      return work(ReluLayer<Real>{});
    case Activation::leaky_relu:
      return work(RectifierLayer<Real>{static_cast<Real>(kernel.negative_slope)});
    case Activation::abs:
      return work(RectifierLayer<Real>{Real{-1}});
    case Activation::erf:
      return work(ErfLayer<Real>{});
    case Activation::gelu:
      return work(GeluLayer<Real>{});
  }
}

}  // namespace

std::string FullyConnectedKernel::description() const {
  const std::string slope = activation == Activation::leaky_relu
                                ? fmt::format(" of slope {}", negative_slope)
                                : std::string();
  return fmt::format(
      "fully connected {}{}, depth {}, weight_variance {}, bias_variance {}, input_scaling {}, "
      "trained from dense layer {}",
      activation_names()[static_cast<std::size_t>(activation)], slope, depth, weight_variance,
      bias_variance, input_scaling, is_nngp() ? depth : first_trained);
}

template <class Real>
SampleVariances<Real>::SampleVariances(const FullyConnectedKernel& kernel, std::int64_t features,
                                       std::span<const Real> squared_norms)
    : samples_(static_cast<std::int64_t>(squared_norms.size())),
      values_(static_cast<std::size_t>(samples_ * kernel.depth)),
      self_(squared_norms.size()) {
  const Real weight = static_cast<Real>(kernel.weight_variance);
  const Real bias = static_cast<Real>(kernel.bias_variance);
  const Real first = static_cast<Real>(kernel.first_factor(features));
  with_activation<Real>(kernel, [&](const auto& phi) {
    for (std::int64_t i = 0; i < samples_; ++i) {
      Real k = std::fma(first, squared_norms[static_cast<std::size_t>(i)], bias);
      Real theta = kernel.first_trained == 0 ? k : Real{0};
      for (std::int64_t l = 0; l < kernel.depth; ++l) {
        values_[static_cast<std::size_t>(l * samples_ + i)] = k;
        const Dual<Real> dual = phi(k, k, k);
        k = std::fma(weight, dual.value, bias);
        const bool trained = l + 1 >= kernel.first_trained;
        if (trained) theta = std::fma(weight * dual.derivative, theta, k);
      }
      self_[static_cast<std::size_t>(i)] = kernel.is_nngp() ? k : theta;
    }
  });
}

namespace {

template <class Real>
struct LayerFactors {
  Real weight;
  Real bias;
};

template <class Real, class Phi>
inline void advance_covariance(const Phi& phi, std::int64_t tile,
                               const Real* __restrict row_variance, Real column_variance,
                               LayerFactors<Real> factors, Real* __restrict k) {
#pragma omp simd
  for (std::int64_t i = 0; i < tile; ++i) {
    const Dual<Real> dual = phi(row_variance[i], k[i], column_variance);
    k[i] = std::fma(factors.weight, dual.value, factors.bias);
  }
}

template <class Real, class Phi>
inline void advance_both(const Phi& phi, std::int64_t tile, const Real* __restrict row_variance,
                         Real column_variance, LayerFactors<Real> factors, Real* __restrict k,
                         Real* __restrict theta) {
#pragma omp simd
  for (std::int64_t i = 0; i < tile; ++i) {
    const Dual<Real> dual = phi(row_variance[i], k[i], column_variance);
    k[i] = std::fma(factors.weight, dual.value, factors.bias);
    theta[i] = std::fma(factors.weight * dual.derivative, theta[i], k[i]);
  }
}

template <class Real, class Phi>
void apply_layers_of(const Phi& phi, const FullyConnectedKernel& kernel, std::int64_t features,
                     const SampleVariances<Real>& row_variances, std::int64_t first_row,
                     const SampleVariances<Real>& column_variances, std::int64_t first_column,
                     std::int64_t tile, Real* values) {
  alignas(64) std::array<Real, kLargestTile> theta;
  const LayerFactors<Real> factors{static_cast<Real>(kernel.weight_variance),
                                   static_cast<Real>(kernel.bias_variance)};
  const Real first = static_cast<Real>(kernel.first_factor(features));
  const bool nngp = kernel.is_nngp();
  for (std::int64_t j = 0; j < tile; ++j) {
    Real* __restrict k = values + j * tile;
#pragma omp simd
    for (std::int64_t i = 0; i < tile; ++i) k[i] = std::fma(first, k[i], factors.bias);
    if (!nngp && kernel.first_trained == 0) {
      for (std::int64_t i = 0; i < tile; ++i) theta[static_cast<std::size_t>(i)] = k[i];
    }
    for (std::int64_t l = 0; l < kernel.depth; ++l) {
      const Real* row_variance = row_variances.layer(l, first_row);
      const Real column_variance = *column_variances.layer(l, first_column + j);
      if (nngp || l + 1 <= kernel.first_trained) {
        advance_covariance(phi, tile, row_variance, column_variance, factors, k);
        // The first trained layer contributes its own K, and nothing from below.
        if (!nngp && l + 1 == kernel.first_trained) {
          for (std::int64_t i = 0; i < tile; ++i) theta[static_cast<std::size_t>(i)] = k[i];
        }
      } else {
        advance_both(phi, tile, row_variance, column_variance, factors, k, theta.data());
      }
    }
    if (!nngp) {
      for (std::int64_t i = 0; i < tile; ++i) k[i] = theta[static_cast<std::size_t>(i)];
    }
  }
}

}  // namespace

template <class Real>
void apply_layers(const FullyConnectedKernel& kernel, std::int64_t features,
                  const SampleVariances<Real>& row_variances, std::int64_t first_row,
                  const SampleVariances<Real>& column_variances, std::int64_t first_column,
                  std::int64_t tile, Real* values) {
  with_activation<Real>(kernel, [&](const auto& phi) {
    apply_layers_of(phi, kernel, features, row_variances, first_row, column_variances, first_column,
                    tile, values);
  });
}

template class SampleVariances<float>;
template class SampleVariances<double>;
template void apply_layers(const FullyConnectedKernel&, std::int64_t, const SampleVariances<float>&,
                           std::int64_t, const SampleVariances<float>&, std::int64_t, std::int64_t,
                           float*);
template void apply_layers(const FullyConnectedKernel&, std::int64_t,
                           const SampleVariances<double>&, std::int64_t,
                           const SampleVariances<double>&, std::int64_t, std::int64_t, double*);

}  // namespace thalweg
