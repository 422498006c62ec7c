#include <fmt/format.h>

#include <cmath>

#include "base/error.hpp"
#include "kernels/convolutional_net.hpp"

namespace thalweg {

namespace {

using Kind = ConvolutionalLayer::Kind;

/// Three tensors of so many doubles take 6 GiB.
constexpr double kMostPixelPairs = 0x1p28;

/// The images between the layers.
struct Extent {
  std::int64_t height;
  std::int64_t width;
  bool read_out = false;
  [[nodiscard]] double pairs() const {
    const double pixels = static_cast<double>(height) * static_cast<double>(width);
    return pixels * pixels;
  }
};

std::int64_t after_window(std::int64_t size, const ConvolutionalLayer& layer) {
  const std::int64_t padding = layer.kind == Kind::convolution ? layer.padding : 0;
  return (size + 2 * padding - layer.kernel_size) / layer.stride + 1;
}

Extent after(const Extent& extent, const ConvolutionalLayer& layer) {
  switch (layer.kind) {
    case Kind::convolution:
    case Kind::average_pool:
      return {after_window(extent.height, layer), after_window(extent.width, layer), false};
    case Kind::flatten:
    case Kind::global_average_pool:
      return {1, 1, true};
    case Kind::activation:
    case Kind::dense:
      break;
  }
  return extent;
}

std::string layer_name(const ConvolutionalLayer& layer) {
  switch (layer.kind) {
    case Kind::convolution:
      return fmt::format("conv {}x{} stride {} padding {}{}", layer.kernel_size, layer.kernel_size,
                         layer.stride, layer.padding, layer.trained ? "" : " fixed");
    case Kind::activation:
      return activation_names()[static_cast<std::size_t>(layer.activation)] +
             (layer.activation == Activation::leaky_relu
                  ? fmt::format(" of slope {}", layer.negative_slope)
                  : std::string());
    case Kind::average_pool:
      return fmt::format("average_pool {} stride {}", layer.kernel_size, layer.stride);
    case Kind::flatten:
      return "flatten";
    case Kind::global_average_pool:
      return "gap";
    case Kind::dense:
      return layer.trained ? "dense" : "dense fixed";
  }
  return "?";
}

/// What is wrong with a layer behind an image of this extent, or nothing.
std::string fault(const ConvolutionalLayer& layer, const Extent& extent) {
  const bool windowed = layer.kind == Kind::convolution || layer.kind == Kind::average_pool;
  const bool readout = layer.kind == Kind::flatten || layer.kind == Kind::global_average_pool;
  if ((windowed || readout) && extent.read_out) return "stands behind flatten or gap";
  if (layer.kind == Kind::dense && !extent.read_out) return "needs flatten or gap before it";
  if (!windowed) return {};
  if (layer.kernel_size < 1 || layer.stride < 1 || layer.padding < 0) {
    return "needs a size and a stride of at least 1 and a padding of at least 0";
  }
  const std::int64_t padding = layer.kind == Kind::convolution ? layer.padding : 0;
  if (padding >= layer.kernel_size) return "has more padding than window";
  if (std::min(extent.height, extent.width) + 2 * padding < layer.kernel_size) {
    return fmt::format("does not fit into {} x {} pixels", extent.height, extent.width);
  }
  return {};
}

}  // namespace

ConvolutionalLayer ConvolutionalLayer::of(Kind kind) {
  ConvolutionalLayer layer;
  layer.kind = kind;
  return layer;
}
ConvolutionalLayer ConvolutionalLayer::convolution(std::int64_t kernel_size, std::int64_t stride,
                                                   std::int64_t padding) {
  ConvolutionalLayer layer = of(Kind::convolution);
  layer.kernel_size = kernel_size;
  layer.stride = stride;
  layer.padding = padding;
  return layer;
}
ConvolutionalLayer ConvolutionalLayer::nonlinearity(Activation activation) {
  ConvolutionalLayer layer = of(Kind::activation);
  layer.activation = activation;
  return layer;
}
ConvolutionalLayer ConvolutionalLayer::average_pool(std::int64_t size, std::int64_t stride) {
  ConvolutionalLayer layer = of(Kind::average_pool);
  layer.kernel_size = size;
  layer.stride = stride;
  layer.padding = 0;
  return layer;
}

void ConvolutionalNetKernel::check(const ImageShape& shape) const {
  if (!(weight_variance > 0.0) || !std::isfinite(weight_variance)) {
    throw ConfigurationError(fmt::format(
        "convolutional net: weight_variance = {}, expected a number > 0", weight_variance));
  }
  if (!(bias_variance >= 0.0) || !std::isfinite(bias_variance)) {
    throw ConfigurationError(
        fmt::format("convolutional net: bias_variance = {}, expected a number ≥ 0", bias_variance));
  }
  Extent extent{shape.height, shape.width};
  if (extent.pairs() > kMostPixelPairs) {
    throw ConfigurationError(fmt::format(
        "convolutional net: images of {} x {} pixels, whose pixel pairs do not fit into memory",
        shape.height, shape.width));
  }
  for (std::size_t i = 0; i < layers.size(); ++i) {
    const std::string wrong = fault(layers[i], extent);
    if (!wrong.empty()) {
      throw ConfigurationError(
          fmt::format("convolutional net: layer {} ({}) {}", i, layer_name(layers[i]), wrong));
    }
    extent = after(extent, layers[i]);
    if (extent.pairs() > kMostPixelPairs) {
      throw ConfigurationError(
          fmt::format("convolutional net: layer {} ({}) leads to {} x {} pixels, whose "
                      "pairs do not fit into memory",
                      i, layer_name(layers[i]), extent.height, extent.width));
    }
  }
  if (layers.empty() || layers.back().kind != Kind::dense) {
    throw ConfigurationError("convolutional net: the last layer must be dense");
  }
}

double ConvolutionalNetKernel::pair_estimate_s(const ImageShape& shape) const {
  constexpr double kFlopRate = 4e9;
  double flops = 0.0;
  Extent extent{shape.height, shape.width};
  for (const ConvolutionalLayer& layer : layers) {
    const bool pointwise = layer.kind == Kind::activation;
    flops += extent.pairs() * (pointwise ? 45.0 : 4.0 * static_cast<double>(layer.kernel_size));
    extent = after(extent, layer);
  }
  return flops / kFlopRate;
}

std::string ConvolutionalNetKernel::description() const {
  std::string text = "convolutional net";
  for (const ConvolutionalLayer& layer : layers) text += ", " + layer_name(layer);
  return text +
         fmt::format("; weight_variance {}, bias_variance {}", weight_variance, bias_variance);
}

ConvolutionalNetKernel net_of(const ConvolutionalKernel& kernel, Activation activation) {
  kernel.check();
  if (!kernel.input_scaling) {
    throw Error("the published convention of convolutional kernels is for the ReLU alone");
  }
  ConvolutionalNetKernel net;
  net.weight_variance = kernel.weight_variance;
  net.bias_variance = kernel.bias_variance;
  for (std::int64_t l = 0; l < kernel.convolutions; ++l) {
    net.layers.push_back(
        ConvolutionalLayer::convolution(kernel.kernel_size, 1, kernel.kernel_size / 2));
    net.layers.back().trained = l >= kernel.first_trained;
    net.layers.push_back(ConvolutionalLayer::nonlinearity(activation));
  }
  net.layers.push_back(ConvolutionalLayer::of(
      kernel.readout == Readout::flatten ? Kind::flatten : Kind::global_average_pool));
  net.layers.push_back(ConvolutionalLayer::of(Kind::dense));
  net.layers.back().trained = kernel.last_trained;
  return net;
}

}  // namespace thalweg
