#include "kernels/convolutional_settings.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <string>
#include <vector>

#include "base/words.hpp"

namespace thalweg {

namespace {

using Kind = ConvolutionalLayer::Kind;

ConvolutionalLayer convolution(Words& words) {
  const std::int64_t size = words.number("the kernel's size");
  ConvolutionalLayer layer = ConvolutionalLayer::convolution(size, 1, (size - 1) / 2);
  for (;;) {
    if (words.take("stride")) {
      layer.stride = words.number("stride");
    } else if (words.take("pad")) {
      layer.padding = words.number("pad");
    } else if (words.take("fixed")) {
      layer.trained = false;
    } else {
      return layer;
    }
  }
}

ConvolutionalLayer layer_of(const std::string& text) {
  Words words(text);
  const std::string name = words.word();
  const auto& activations = activation_names();
  ConvolutionalLayer layer;
  if (name == "conv") {
    layer = convolution(words);
  } else if (name == "avgpool") {
    const std::int64_t size = words.number("the pool's size");
    layer = ConvolutionalLayer::average_pool(size,
                                             words.take("stride") ? words.number("stride") : size);
  } else if (name == "flatten") {
    layer = ConvolutionalLayer::of(Kind::flatten);
  } else if (name == "gap") {
    layer = ConvolutionalLayer::of(Kind::global_average_pool);
  } else if (name == "dense") {
    layer = ConvolutionalLayer::of(Kind::dense);
    layer.trained = !words.take("fixed");
  } else if (std::find(activations.begin(), activations.end(), name) != activations.end()) {
    layer = ConvolutionalLayer::nonlinearity(activation_named(name));
  } else {
    words.fail("expected conv, avgpool, flatten, gap, dense or an activation");
  }
  words.expect_end();
  return layer;
}

}  // namespace

KernelChoice convolutional_kernel(const Settings& table, bool nngp) {
  ConvolutionalKernel kernel;
  kernel.convolutions = table.integer_at_least("depth", 1, kernel.convolutions);
  kernel.kernel_size = table.integer_at_least("kernel_size", 1, kernel.kernel_size);
  kernel.weight_variance = table.positive("weight_variance", kernel.weight_variance);
  kernel.bias_variance = table.number_at_least("bias_variance", 0.0, kernel.bias_variance);
  kernel.input_scaling = table.boolean("input_scaling", true);
  kernel.readout = readout_named(table.choice("readout", {"gap", "flatten"}, "gap"));
  kernel.set_trained(nngp ? table.choice("trained", {"last"}, "last")
                          : table.choice("trained", {"all", "last", "inner"}, "all"));
  const Activation activation =
      activation_named(table.choice("activation", activation_names(), "relu"));
  try {
    kernel.check();
    if (activation == Activation::relu) return {kernel};
    return {net_of(kernel, activation)};
  } catch (const Error& error) {
    table.fail("type", error.what());
  }
}

KernelChoice convolutional_net_kernel(const Settings& table) {
  ConvolutionalNetKernel kernel;
  kernel.weight_variance = table.positive("weight_variance", kernel.weight_variance);
  kernel.bias_variance = table.number_at_least("bias_variance", 0.0, kernel.bias_variance);
  for (const std::string& layer : table.strings("layers", {})) {
    try {
      kernel.layers.push_back(layer_of(layer));
    } catch (const Error& error) {
      table.fail("layers", error.what());
    }
  }
  bool read_out = false;
  for (std::size_t i = 0; i < kernel.layers.size(); ++i) {
    const ConvolutionalLayer& layer = kernel.layers[i];
    const bool readout = layer.kind == Kind::flatten || layer.kind == Kind::global_average_pool;
    const bool windowed = layer.kind == Kind::convolution || layer.kind == Kind::average_pool;
    if ((readout || windowed) && read_out) {
      table.fail("layers", fmt::format("layer {} stands behind flatten or gap", i));
    }
    if (layer.kind == Kind::dense && !read_out) {
      table.fail("layers", fmt::format("layer {} is dense and needs flatten or gap before it", i));
    }
    if (windowed && (layer.kernel_size < 1 || layer.stride < 1)) {
      table.fail("layers", fmt::format("layer {} needs a size and a stride of at least 1", i));
    }
    read_out = read_out || readout;
  }
  if (!kernel.layers.empty() && kernel.layers.back().kind != Kind::dense) {
    table.fail("layers", "the last layer must be dense");
  }
  if (kernel.layers.empty()) {
    table.fail("layers",
               R"(expected a list such as ["conv 3", "relu", "avgpool 2", "gap", "dense"])");
  }
  return {kernel};
}

}  // namespace thalweg
