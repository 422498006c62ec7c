#include "kernels/convolutional_net.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/aligned.hpp"
#include "base/error.hpp"
#include "kernels/duals.hpp"

namespace thalweg {

namespace {

using Kind = ConvolutionalLayer::Kind;

/// Pixel pairs (y, x, y', x') of two images.
struct PairTensor {
  std::int64_t height = 1;
  std::int64_t width = 1;
  AlignedVector<double> values;

  PairTensor(std::int64_t h, std::int64_t w)
      : height(h), width(w), values(static_cast<std::size_t>(h * w * h * w)) {}
  [[nodiscard]] std::int64_t pixels() const { return height * width; }
  /// Row x' = 0 … of (y, x, y').
  [[nodiscard]] double* row(std::int64_t y, std::int64_t x, std::int64_t other_y) {
    return values.data() + ((y * width + x) * height + other_y) * width;
  }
  [[nodiscard]] const double* row(std::int64_t y, std::int64_t x, std::int64_t other_y) const {
    return values.data() + ((y * width + x) * height + other_y) * width;
  }
};

std::int64_t output_size(std::int64_t size, std::int64_t window, std::int64_t stride,
                         std::int64_t padding) {
  return size + 2 * padding < window ? 0 : (size + 2 * padding - window) / stride + 1;
}

/// Where the window of output `to` begins, and which of its places lie inside `size`.
struct Window {
  Window(std::int64_t to, const ConvolutionalLayer& layer)
      : first(to * layer.stride - layer.padding) {}
  std::int64_t first;
};

/// Σ over the equal places of the windows of both images, along y and then along x.
PairTensor window_sums(const PairTensor& in, const ConvolutionalLayer& layer) {
  const std::int64_t h = in.height;
  const std::int64_t w = in.width;
  const std::int64_t out_h = output_size(h, layer.kernel_size, layer.stride, layer.padding);
  const std::int64_t out_w = output_size(w, layer.kernel_size, layer.stride, layer.padding);
  // (y, x, y', x') with both y summed already.
  AlignedVector<double> rows(static_cast<std::size_t>(out_h * w * out_h * w), 0.0);
  const auto summed = [&](std::int64_t y, std::int64_t x, std::int64_t other_y) {
    return rows.data() + ((y * w + x) * out_h + other_y) * w;
  };
  for (std::int64_t y = 0; y < out_h; ++y) {
    for (std::int64_t x = 0; x < w; ++x) {
      for (std::int64_t other = 0; other < out_h; ++other) {
        double* to = summed(y, x, other);
        for (std::int64_t d = 0; d < layer.kernel_size; ++d) {
          const std::int64_t from_y = Window(y, layer).first + d;
          const std::int64_t from_other = Window(other, layer).first + d;
          if (from_y < 0 || from_y >= h || from_other < 0 || from_other >= h) continue;
          const double* from = in.row(from_y, x, from_other);
          for (std::int64_t i = 0; i < w; ++i) to[i] += from[i];
        }
      }
    }
  }
  PairTensor out(out_h, out_w);
  for (std::int64_t y = 0; y < out_h; ++y) {
    for (std::int64_t x = 0; x < out_w; ++x) {
      for (std::int64_t other = 0; other < out_h; ++other) {
        double* to = out.row(y, x, other);
        std::fill_n(to, out_w, 0.0);
        for (std::int64_t d = 0; d < layer.kernel_size; ++d) {
          const std::int64_t from_x = Window(x, layer).first + d;
          if (from_x < 0 || from_x >= w) continue;
          const double* from = summed(y, from_x, other);
          for (std::int64_t i = 0; i < out_w; ++i) {
            const std::int64_t from_i = Window(i, layer).first + d;
            if (from_i >= 0 && from_i < w) to[i] += from[from_i];
          }
        }
      }
    }
  }
  return out;
}

/// The same sums of one image's windows alone: `outer` blocks of `size` slices of `inner` numbers
/// become blocks of output_size slices.
AlignedVector<double> pool_axis(const AlignedVector<double>& in, std::int64_t outer,
                                std::int64_t size, std::int64_t inner,
                                const ConvolutionalLayer& layer) {
  const std::int64_t out_size = output_size(size, layer.kernel_size, layer.stride, 0);
  AlignedVector<double> out(static_cast<std::size_t>(outer * out_size * inner), 0.0);
  for (std::int64_t block = 0; block < outer; ++block) {
    for (std::int64_t to = 0; to < out_size; ++to) {
      double* sum = out.data() + (block * out_size + to) * inner;
      for (std::int64_t d = 0; d < layer.kernel_size; ++d) {
        const double* from = in.data() + (block * size + to * layer.stride + d) * inner;
        for (std::int64_t i = 0; i < inner; ++i) sum[i] += from[i];
      }
    }
  }
  return out;
}

void pool(PairTensor& tensor, const ConvolutionalLayer& layer) {
  const std::int64_t h = tensor.height;
  const std::int64_t w = tensor.width;
  const std::int64_t out_h = output_size(h, layer.kernel_size, layer.stride, 0);
  const std::int64_t out_w = output_size(w, layer.kernel_size, layer.stride, 0);
  AlignedVector<double> values = pool_axis(tensor.values, 1, h, w * h * w, layer);
  values = pool_axis(values, out_h, w, h * w, layer);
  values = pool_axis(values, out_h * out_w, h, w, layer);
  values = pool_axis(values, out_h * out_w * out_h, w, 1, layer);
  const auto windows = static_cast<double>(layer.kernel_size * layer.kernel_size);
  for (double& value : values) value /= windows * windows;
  tensor.height = out_h;
  tensor.width = out_w;
  tensor.values = std::move(values);
}

void read_out(PairTensor& tensor, Kind kind) {
  const std::int64_t pixels = tensor.pixels();
  const bool all = kind == Kind::global_average_pool;
  double sum = 0.0;
  if (all) {
    for (const double value : tensor.values) sum += value;
  } else {
    for (std::int64_t p = 0; p < pixels; ++p) {
      sum += tensor.values[static_cast<std::size_t>(p * pixels + p)];
    }
  }
  const auto count = static_cast<double>(pixels);
  tensor = PairTensor(1, 1);
  tensor.values[0] = sum / (all ? count * count : count);
}

template <class Phi>
void activate_with(const Phi& phi, const std::vector<double>& q, const std::vector<double>& other,
                   PairTensor& k, PairTensor& theta) {
  const std::int64_t pixels = k.pixels();
  for (std::int64_t p = 0; p < pixels; ++p) {
    double* __restrict k_row = k.values.data() + p * pixels;
    double* __restrict theta_row = theta.values.data() + p * pixels;
    const double* __restrict q22 = other.data();
    const double q11 = q[static_cast<std::size_t>(p)];
#pragma omp simd
    for (std::int64_t i = 0; i < pixels; ++i) {
      const Dual<double> dual = phi(q11, k_row[i], q22[i]);
      k_row[i] = dual.value;
      theta_row[i] *= dual.derivative;
    }
  }
}

void activate(const ConvolutionalLayer& layer, const std::vector<double>& q,
              const std::vector<double>& other, PairTensor& k, PairTensor& theta) {
  const auto rectifier = [&](double negative) {
    activate_with([negative](double q11, double q12,
                             double q22) { return rectifier_dual(negative, 1.0, q11, q12, q22); },
                  q, other, k, theta);
  };
  switch (layer.activation) {
    case Activation::relu:
      return activate_with(
          [](double q11, double q12, double q22) { return relu_dual(q11, q12, q22); }, q, other, k,
          theta);
    case Activation::leaky_relu:
      return rectifier(layer.negative_slope);
    case Activation::abs:
      return rectifier(-1.0);
    case Activation::erf:
      return activate_with(
          [](double q11, double q12, double q22) { return erf_dual(q11, q12, q22); }, q, other, k,
          theta);
    case Activation::gelu:
      return activate_with(
          [](double q11, double q12, double q22) { return gelu_dual(q11, q12, q22); }, q, other, k,
          theta);
  }
}

void scale_and_shift(PairTensor& tensor, double scale, double shift) {
  for (double& value : tensor.values) value = scale * value + shift;
}

/// K and Θ through a layer; variances(k) gives the two images' variances at an activation.
template <class Variances>
void apply(const ConvolutionalNetKernel& kernel, const ConvolutionalLayer& layer, PairTensor& k,
           PairTensor& theta, Variances&& variances) {
  switch (layer.kind) {
    case Kind::convolution: {
      const double factor =
          kernel.weight_variance / static_cast<double>(layer.kernel_size * layer.kernel_size);
      k = window_sums(k, layer);
      theta = window_sums(theta, layer);
      scale_and_shift(k, factor, kernel.bias_variance);
      scale_and_shift(theta, factor, 0.0);
      break;
    }
    case Kind::activation: {
      const auto [q, other] = variances(k);
      activate(layer, *q, *other, k, theta);
      return;
    }
    case Kind::average_pool:
      pool(k, layer);
      pool(theta, layer);
      return;
    case Kind::flatten:
    case Kind::global_average_pool:
      read_out(k, layer.kind);
      read_out(theta, layer.kind);
      return;
    case Kind::dense:
      scale_and_shift(k, kernel.weight_variance, kernel.bias_variance);
      scale_and_shift(theta, kernel.weight_variance, 0.0);
      break;
  }
  if (layer.trained) {
    for (std::size_t i = 0; i < k.values.size(); ++i) theta.values[i] += k.values[i];
  }
}

PairTensor input_products(const ImageShape& shape, const double* x, const double* z) {
  PairTensor k(shape.height, shape.width);
  const std::int64_t pixels = k.pixels();
  std::fill(k.values.begin(), k.values.end(), 0.0);
  for (std::int64_t c = 0; c < shape.channels; ++c) {
    for (std::int64_t p = 0; p < pixels; ++p) {
      for (std::int64_t q = 0; q < pixels; ++q) {
        k.values[static_cast<std::size_t>(p * pixels + q)] += x[c * pixels + p] * z[c * pixels + q];
      }
    }
  }
  scale_and_shift(k, 1.0 / static_cast<double>(shape.channels), 0.0);
  return k;
}

}  // namespace

PixelVariances pixel_variances(const ConvolutionalNetKernel& kernel, const ImageShape& shape,
                               const double* image) {
  PixelVariances variances;
  PairTensor k = input_products(shape, image, image);
  PairTensor theta(shape.height, shape.width);
  std::fill(theta.values.begin(), theta.values.end(), 0.0);
  const auto activations =
      std::count_if(kernel.layers.begin(), kernel.layers.end(),
                    [](const ConvolutionalLayer& layer) { return layer.kind == Kind::activation; });
  for (const ConvolutionalLayer& layer : kernel.layers) {
    if (layer.kind == Kind::activation) {
      const std::int64_t pixels = k.pixels();
      std::vector<double> diagonal(static_cast<std::size_t>(pixels));
      for (std::int64_t p = 0; p < pixels; ++p) {
        diagonal[static_cast<std::size_t>(p)] = k.values[static_cast<std::size_t>(p * pixels + p)];
      }
      variances.push_back(std::move(diagonal));
      if (static_cast<std::ptrdiff_t>(variances.size()) == activations) break;
    }
    apply(kernel, layer, k, theta,
          [&](const PairTensor& /*k*/) { return std::pair(&variances.back(), &variances.back()); });
  }
  return variances;
}

double net_kernel(const ConvolutionalNetKernel& kernel, const ImageShape& shape, const double* x,
                  const PixelVariances& x_variances, const double* z,
                  const PixelVariances& z_variances) {
  PairTensor k = input_products(shape, x, z);
  PairTensor theta(shape.height, shape.width);
  std::fill(theta.values.begin(), theta.values.end(), 0.0);
  std::size_t activation = 0;
  for (const ConvolutionalLayer& layer : kernel.layers) {
    apply(kernel, layer, k, theta, [&](const PairTensor& /*k*/) {
      const auto variances = std::pair(&x_variances[activation], &z_variances[activation]);
      ++activation;
      return variances;
    });
  }
  return theta.values[0];
}

}  // namespace thalweg
