#include "models/model.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "models/activation.hpp"
#include "models/batch_norm.hpp"
#include "models/convolution.hpp"
#include "models/dropout.hpp"
#include "models/image_order.hpp"
#include "models/pooling.hpp"
#include "models/residual.hpp"

namespace thalweg {

namespace {

using Kind = LayerSpec::Kind;

/// How the numbers of a sample lie at some place of the network.
enum class Order { planes, pixels, flat };

struct Place {
  ImageShape shape;
  Order order = Order::planes;
};

/// Turns a list of layers into layers, with what each needs to know of its neighbours.
template <class Real>
class Builder {
 public:
  using Layers = std::vector<std::unique_ptr<Layer<Real>>>;

  explicit Builder(const ModelOptions& options) : options_(options) {}

  /// Appends the layers of `specs` to `layers`, from `place` on, which moves along.
  void build(const std::vector<LayerSpec>& specs, Place& place, Layers& layers) {
    for (std::size_t i = 0; i < specs.size(); ++i) {
      const LayerSpec& spec = specs[i];
      // Batch norm does the ReLU that follows in the same pass over memory.
      if (add(specs, i, place, layers) && spec.kind == Kind::norm) ++i;
    }
  }

 private:
  [[noreturn]] static void fail(const std::string& layer, const Place& place,
                                const std::string& why) {
    const std::string input = place.order == Order::flat
                                  ? fmt::format("vectors of {}", place.shape.features())
                                  : fmt::format("{} channels of {}×{}", place.shape.channels,
                                                place.shape.height, place.shape.width);
    throw ConfigurationError(fmt::format("[model] {} on {}: {}", layer, input, why));
  }

  static bool follows(const std::vector<LayerSpec>& specs, std::size_t i, Kind kind) {
    return i + 1 < specs.size() && specs[i + 1].kind == kind;
  }
  bool is_normalised(const std::vector<LayerSpec>& specs, std::size_t i) const {
    return options_.batch_norm != BatchNormKind::none && follows(specs, i, Kind::norm);
  }
  /// Gain of weights, by the activation before the next weights.
  static double gain_after(const std::vector<LayerSpec>& specs, std::size_t i) {
    for (std::size_t next = i + 1; next < specs.size(); ++next) {
      const Kind kind = specs[next].kind;
      if (kind == Kind::activation) return initialisation_gain(specs[next].activation);
      if (kind == Kind::dense || kind == Kind::convolution || kind == Kind::residual) break;
    }
    return 1.0;
  }

  /// Returns whether the layer took the next one with it.
  bool add(const std::vector<LayerSpec>& specs, std::size_t i, Place& place, Layers& layers) {
    const LayerSpec& spec = specs[i];
    switch (spec.kind) {
      case Kind::convolution:
        add_convolution(specs, i, place, layers);
        return false;
      case Kind::max_pool:
      case Kind::average_pool:
        add_pool(spec, place, layers);
        return false;
      case Kind::global_average_pool:
        to_pixels("gap", place, layers);
        layers.push_back(make_global_average_pool<Real>(place.shape));
        place = {{place.shape.channels, 1, 1}, Order::flat};
        return false;
      case Kind::flatten:
        if (place.order == Order::pixels) layers.push_back(make_flatten<Real>(place.shape));
        place = {{place.shape.features(), 1, 1}, Order::flat};
        return false;
      case Kind::dense:
        add_dense(specs, i, place, layers);
        return false;
      case Kind::norm:
        return add_norm(specs, i, place, layers);
      case Kind::activation:
        layers.push_back(make_activation<Real>(spec.activation, place.shape.features()));
        return false;
      case Kind::dropout:
        layers.push_back(make_dropout<Real>(place.shape.features(), spec.rate, dropouts_++));
        return false;
      case Kind::residual:
        add_residual(spec, place, layers);
        return false;
    }
    return false;
  }

  void to_pixels(const char* layer, Place& place, Layers& layers) const {
    if (place.order == Order::flat) fail(layer, place, "it needs images, not vectors");
    if (place.order == Order::planes) layers.push_back(make_channels_last<Real>(place.shape));
    place.order = Order::pixels;
  }

  void add_convolution(const std::vector<LayerSpec>& specs, std::size_t i, Place& place,
                       Layers& layers) {
    const LayerSpec& spec = specs[i];
    const std::string name = fmt::format("conv{}", ++convolutions_);
    const ConvolutionGeometry geometry{place.shape.channels, place.shape.height, place.shape.width,
                                       spec.units,           spec.size,          spec.size,
                                       spec.stride,          spec.padding};
    if (place.order == Order::flat) fail(name, place, "it needs images, not vectors");
    if (!geometry.is_valid()) {
      fail(name, place, fmt::format("its {0}×{0} kernel is larger than the image", spec.size));
    }
    // Its outer weights would only ever see zeros, and they could be more than any memory holds.
    if (spec.size > 2 * std::max(place.shape.height, place.shape.width) + 1) {
      fail(name, place, fmt::format("its {0}×{0} kernel is more than twice the image", spec.size));
    }
    ConvolutionOptions convolution;
    convolution.bias = !is_normalised(specs, i);
    convolution.initialisation = options_.initialisation;
    convolution.gain = gain_after(specs, i);
    convolution.input_order =
        place.order == Order::planes ? ImageOrder::planes : ImageOrder::pixels;
    layers.push_back(make_convolution<Real>(geometry, convolution, name));
    place = {{spec.units, geometry.out_height(), geometry.out_width()}, Order::pixels};
  }

  void add_pool(const LayerSpec& spec, Place& place, Layers& layers) const {
    const char* name = spec.kind == Kind::max_pool ? "maxpool" : "avgpool";
    to_pixels(name, place, layers);
    const std::int64_t least = std::min(place.shape.height, place.shape.width);
    if (spec.size > least + 2 * spec.padding) {
      fail(name, place, fmt::format("its window of {} is larger than the image", spec.size));
    }
    layers.push_back(
        spec.kind == Kind::max_pool
            ? make_max_pool<Real>(place.shape, spec.size, spec.stride, spec.padding)
            : make_average_pool<Real>(place.shape, spec.size, spec.stride, spec.padding));
    const auto reduced = [&](std::int64_t size) {
      return (size + 2 * spec.padding - spec.size) / spec.stride + 1;
    };
    place.shape.height = reduced(place.shape.height);
    place.shape.width = reduced(place.shape.width);
  }

  void add_dense(const std::vector<LayerSpec>& specs, std::size_t i, Place& place, Layers& layers) {
    const std::string name = fmt::format("dense{}", ++denses_);
    if (place.order == Order::pixels) fail(name, place, "it needs flatten or gap before it");
    DenseOptions dense;
    dense.bias = !is_normalised(specs, i);
    dense.initialisation = options_.initialisation;
    dense.gain = gain_after(specs, i);
    layers.push_back(make_dense<Real>(place.shape.features(), specs[i].units, dense, name));
    place = {{specs[i].units, 1, 1}, Order::flat};
  }

  bool add_norm(const std::vector<LayerSpec>& specs, std::size_t i, Place& place, Layers& layers) {
    if (options_.batch_norm == BatchNormKind::none) return false;
    if (place.order == Order::planes) to_pixels("norm", place, layers);
    BatchNormOptions norm;
    norm.ghost_size = options_.batch_norm == BatchNormKind::ghost ? options_.ghost_size : 0;
    norm.relu = follows(specs, i, Kind::activation) && specs[i + 1].activation == "relu";
    norm.positions = place.order == Order::pixels ? place.shape.height * place.shape.width : 1;
    layers.push_back(make_batch_norm<Real>(place.shape.features() / norm.positions, norm,
                                           fmt::format("norm{}", ++norms_)));
    return norm.relu;
  }

  void add_residual(const LayerSpec& spec, Place& place, Layers& layers) {
    to_pixels("block", place, layers);
    const std::int64_t inputs = place.shape.features();
    Place end = place;
    Place short_end = place;
    Layers branch;
    Layers shortcut;
    build(spec.branch, end, branch);
    build(spec.shortcut, short_end, shortcut);
    if (branch.empty()) fail("block", place, "without batch norm nothing is left of its layers");
    if (end.shape != short_end.shape) {
      fail("block", end,
           fmt::format("what it is added to has {} channels of {}×{}", short_end.shape.channels,
                       short_end.shape.height, short_end.shape.width));
    }
    layers.push_back(make_residual<Real>(inputs, std::move(branch), std::move(shortcut)));
    place = end;
  }

  const ModelOptions& options_;
  int convolutions_ = 0;
  int denses_ = 0;
  int norms_ = 0;
  std::uint64_t dropouts_ = 0;
};

bool has_norm(const std::vector<LayerSpec>& layers) {
  return std::any_of(layers.begin(), layers.end(), [](const LayerSpec& layer) {
    return layer.kind == Kind::norm || has_norm(layer.branch) || has_norm(layer.shortcut);
  });
}

}  // namespace

bool ModelOptions::has_batch_norm() const {
  if (batch_norm == BatchNormKind::none) return false;
  return layers.empty() ? !mlp.widths.empty() : has_norm(layers);
}

template <class Real>
Network<Real> make_model(const ModelOptions& options, const ImageShape& input,
                         std::int64_t classes) {
  if (options.layers.empty()) {
    MlpOptions mlp = options.mlp;
    mlp.inputs = input.features();
    mlp.outputs = classes;
    mlp.batch_norm = options.batch_norm;
    mlp.ghost_size = options.ghost_size;
    mlp.initialisation = options.initialisation;
    return make_mlp<Real>(mlp);
  }
  std::vector<LayerSpec> specs = options.layers;
  LayerSpec readout;
  readout.units = classes;
  specs.push_back(readout);
  typename Builder<Real>::Layers layers;
  // A table's row is one line of numbers, not an image of that width.
  Place place{input, Order::planes};
  if (input.height == 1) place = {{input.features(), 1, 1}, Order::flat};
  Builder<Real>(options).build(specs, place, layers);
  return Network<Real>(std::move(layers));
}

template Network<float> make_model(const ModelOptions&, const ImageShape&, std::int64_t);
template Network<double> make_model(const ModelOptions&, const ImageShape&, std::int64_t);

}  // namespace thalweg
