#include "kernels/fully_connected.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <type_traits>

#include "base/error.hpp"
#include "kernels/duals.hpp"
#include "kernels/pair_duals.hpp"
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

// One type an activation: the choice is made once a column, not once an element. Piecewise linear
// ones carry the gap of a pair through all layers.
template <class Real>
struct ReluLayer {
  static constexpr bool kCarries = true;
  PairDual<Real> operator()(const Pair<Real>& pair) const { return relu_dual(pair); }
};
template <class Real>
struct RectifierLayer {
  static constexpr bool kCarries = true;
  Real negative;
  PairDual<Real> operator()(const Pair<Real>& pair) const {
    return rectifier_dual(negative, Real{1}, pair);
  }
};
// The others take D = q11 q22 − q12² of the first layer from its gap. Behind erf the variances are
// at most σ_w² + σ_b², and D from rounded ones is good enough beside 1 + 2 (q11 + q22).
template <class Real>
struct ErfLayer {
  static constexpr bool kCarries = false;
  Dual<Real> operator()(Real q11, Real q12, Real q22, Real d) const {
    return erf_dual(q11, q12, q22, d);
  }
};
template <class Real>
struct GeluLayer {
  static constexpr bool kCarries = false;
  Dual<Real> operator()(Real q11, Real q12, Real q22, Real d) const {
    return gelu_dual(q11, q12, q22, d);
  }
};

/// E[φφ] and E[φ'φ'] of an input with itself, and with a zero angle therefore.
template <class Real, class Phi>
Dual<Real> dual_alone(const Phi& phi, Real q) {
  if constexpr (Phi::kCarries) {
    const PairDual<Real> dual = phi(Pair<Real>{q, q, Real{0}});
    return {dual.value, dual.derivative};
  } else {
    return phi(q, q, q, Real{0});
  }
}

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
      norms_(squared_norms.size()),
      values_(
          static_cast<std::size_t>(kNumbers * samples_ * std::max<std::int64_t>(kernel.depth, 1))),
      self_(squared_norms.size()) {
  const Real weight = static_cast<Real>(kernel.weight_variance);
  const Real bias = static_cast<Real>(kernel.bias_variance);
  const Real first = static_cast<Real>(kernel.first_factor(features));
  const Real root = std::sqrt(bias);
  with_activation<Real>(kernel, [&](const auto& phi) {
    for (std::int64_t i = 0; i < samples_; ++i) {
      const Real square = squared_norms[static_cast<std::size_t>(i)];
      norms_[static_cast<std::size_t>(i)] = std::sqrt(square);
      Real without_bias = first * square;
      Real k = std::fma(first, square, bias);
      Real theta = kernel.first_trained == 0 ? k : Real{0};
      for (std::int64_t l = 0; l < kernel.depth; ++l) {
        const Real deviation = std::sqrt(k);
        const Real sum = deviation + root;
        const auto put = [&](Number number, Real value) {
          values_[static_cast<std::size_t>((l * kNumbers + number) * samples_ + i)] = value;
        };
        put(kVariance, k);
        put(kDeviation, deviation);
        // p − √b = (p² − b)/(p + √b).
        put(kSpreadSine, sum > 0 ? std::sqrt(without_bias / sum) : Real{0});
        put(kSpreadCosine, std::sqrt(sum));
        const Dual<Real> dual = dual_alone(phi, k);
        without_bias = weight * dual.value;
        k = std::fma(weight, dual.value, bias);
        const bool trained = l + 1 >= kernel.first_trained;
        if (trained) theta = std::fma(weight * dual.derivative, theta, k);
      }
      self_[static_cast<std::size_t>(i)] = kernel.is_nngp() ? k : theta;
    }
  });
}

namespace {

/// The numbers of one layer, of all rows of a tile or, in its first place, of one column.
template <class Real>
struct LayerNumbers {
  const Real* variance;
  const Real* deviation;
  const Real* sine;
  const Real* cosine;

  static LayerNumbers of(const SampleVariances<Real>& samples, std::int64_t layer,
                         std::int64_t first) {
    using Variances = SampleVariances<Real>;
    return {samples.layer(Variances::kVariance, layer, first),
            samples.layer(Variances::kDeviation, layer, first),
            samples.layer(Variances::kSpreadSine, layer, first),
            samples.layer(Variances::kSpreadCosine, layer, first)};
  }
};

template <class Real>
struct LayerFactors {
  Real weight;
  Real bias;
};

// What lies between loops that vectorise: pointers that alias nothing, and numbers by value.

/// The gaps after a dense layer, from the values and gaps before it.
template <class Real, bool kBias>
inline Real gap_after(LayerFactors<Real> factors, Real value, Real gap, Real k, Real row_sine,
                      Real row_cosine, Real sine, Real cosine) {
  if constexpr (kBias) {
    return dense_gap(factors.weight, factors.bias, dense_spread(row_sine, row_cosine, sine, cosine),
                     value, gap, k);
  } else {
    return factors.weight * gap;
  }
}

template <class Real, bool kBias>
void first_layer(std::int64_t tile, LayerFactors<Real> factors, const LayerNumbers<Real>& rows,
                 const LayerNumbers<Real>& column, Real* __restrict k, Real* __restrict gap) {
  const Real* __restrict row_sine = rows.sine;
  const Real* __restrict row_cosine = rows.cosine;
  const Real sine = *column.sine;
  const Real cosine = *column.cosine;
#pragma omp simd
  for (std::int64_t i = 0; i < tile; ++i) {
    const Real product = k[i];
    k[i] = std::fma(factors.weight, product, factors.bias);
    gap[i] = gap_after<Real, kBias>(factors, product, gap[i], k[i], row_sine[i], row_cosine[i],
                                    sine, cosine);
  }
}

/// Activation and dense layer, from the numbers of the dense layers before and after.
template <class Real, bool kBias, bool kTheta, class Phi>
void next_layer(const Phi& phi, std::int64_t tile, LayerFactors<Real> factors,
                const LayerNumbers<Real>& rows, const LayerNumbers<Real>& column,
                const LayerNumbers<Real>& rows_after, const LayerNumbers<Real>& column_after,
                Real* __restrict k, Real* __restrict gap, Real* __restrict theta) {
  const Real* __restrict row_deviation = rows.deviation;
  const Real* __restrict row_sine = rows_after.sine;
  const Real* __restrict row_cosine = rows_after.cosine;
  const Real deviation = *column.deviation;
  const Real sine = *column_after.sine;
  const Real cosine = *column_after.cosine;
#pragma omp simd
  for (std::int64_t i = 0; i < tile; ++i) {
    const PairDual<Real> dual = phi(Pair<Real>{row_deviation[i] * deviation, k[i], gap[i]});
    k[i] = std::fma(factors.weight, dual.value, factors.bias);
    gap[i] = gap_after<Real, kBias>(factors, dual.value, dual.gap, k[i], row_sine[i], row_cosine[i],
                                    sine, cosine);
    if constexpr (kTheta) {
      theta[i] = std::fma(factors.weight * dual.derivative, theta[i], k[i]);
    }
  }
}

/// The same of activations that take D; `gap` counts in the first layer alone.
template <class Real, bool kTheta, class Phi>
void next_smooth_layer(const Phi& phi, std::int64_t tile, LayerFactors<Real> factors, bool from_gap,
                       const LayerNumbers<Real>& rows, const LayerNumbers<Real>& column,
                       Real* __restrict k, const Real* __restrict gap, Real* __restrict theta) {
  const Real* __restrict row_variance = rows.variance;
  const Real* __restrict row_deviation = rows.deviation;
  const Real variance = *column.variance;
  const Real deviation = *column.deviation;
#pragma omp simd
  for (std::int64_t i = 0; i < tile; ++i) {
    const Real known = gap[i] * std::fma(row_deviation[i], deviation, std::abs(k[i]));
    const Real rounded = determinant(row_variance[i], k[i], variance);
    const Dual<Real> dual = phi(row_variance[i], k[i], variance, from_gap ? known : rounded);
    k[i] = std::fma(factors.weight, dual.value, factors.bias);
    if constexpr (kTheta) {
      theta[i] = std::fma(factors.weight * dual.derivative, theta[i], k[i]);
    }
  }
}

/// All layers of one column.
template <class Real, bool kBias, class Phi>
void apply_layers_of(const Phi& phi, const FullyConnectedKernel& kernel, std::int64_t features,
                     const SampleVariances<Real>& row_variances, std::int64_t first_row,
                     const SampleVariances<Real>& column_variances, std::int64_t column,
                     std::int64_t tile, Real* __restrict k, Real* __restrict gap) {
  alignas(64) std::array<Real, kLargestTile> theta;
  const auto bias = static_cast<Real>(kernel.bias_variance);
  const LayerFactors<Real> first{static_cast<Real>(kernel.first_factor(features)), bias};
  const LayerFactors<Real> factors{static_cast<Real>(kernel.weight_variance), bias};
  const bool nngp = kernel.is_nngp();
  const auto of_rows = [&](std::int64_t l) {
    return LayerNumbers<Real>::of(row_variances, l, first_row);
  };
  const auto of_column = [&](std::int64_t l) {
    return LayerNumbers<Real>::of(column_variances, l, column);
  };
  first_layer<Real, kBias>(tile, first, of_rows(0), of_column(0), k, gap);
  if (!nngp && kernel.first_trained == 0) std::copy_n(k, tile, theta.begin());
  for (std::int64_t l = 0; l < kernel.depth; ++l) {
    const std::int64_t after = std::min(l + 1, kernel.depth - 1);  // behind the last: not needed
    const auto advance = [&](auto with_theta) {
      constexpr bool kTheta = decltype(with_theta)::value;
      if constexpr (Phi::kCarries) {
        next_layer<Real, kBias, kTheta>(phi, tile, factors, of_rows(l), of_column(l),
                                        of_rows(after), of_column(after), k, gap, theta.data());
      } else {
        next_smooth_layer<Real, kTheta>(phi, tile, factors, l == 0, of_rows(l), of_column(l), k,
                                        gap, theta.data());
      }
    };
    if (nngp || l + 1 <= kernel.first_trained) {
      advance(std::false_type{});
      // The first trained layer contributes its own K, and nothing from below.
      if (!nngp && l + 1 == kernel.first_trained) std::copy_n(k, tile, theta.begin());
    } else {
      advance(std::true_type{});
    }
  }
  if (!nngp) std::copy_n(theta.begin(), tile, k);
}

}  // namespace

template <class Real>
void apply_layers(const FullyConnectedKernel& kernel, std::int64_t features,
                  const SampleVariances<Real>& row_variances, std::int64_t first_row,
                  const SampleVariances<Real>& column_variances, std::int64_t column,
                  std::int64_t tile, Real* products, Real* gaps) {
  with_activation<Real>(kernel, [&](const auto& phi) {
    const auto run = [&](auto bias) {
      apply_layers_of<Real, decltype(bias)::value>(phi, kernel, features, row_variances, first_row,
                                                   column_variances, column, tile, products, gaps);
    };
    if (kernel.bias_variance != 0.0) {
      run(std::true_type{});
    } else {
      run(std::false_type{});
    }
  });
}

template class SampleVariances<float>;
template class SampleVariances<double>;
template void apply_layers(const FullyConnectedKernel&, std::int64_t, const SampleVariances<float>&,
                           std::int64_t, const SampleVariances<float>&, std::int64_t, std::int64_t,
                           float*, float*);
template void apply_layers(const FullyConnectedKernel&, std::int64_t,
                           const SampleVariances<double>&, std::int64_t,
                           const SampleVariances<double>&, std::int64_t, std::int64_t, double*,
                           double*);

}  // namespace thalweg
