#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace thalweg {

/// One layer as a list of layers says it.
struct LayerSpec {
  enum class Kind {
    convolution,
    max_pool,
    average_pool,
    global_average_pool,
    flatten,
    dense,
    norm,
    activation,
    dropout,
    residual,
  };
  Kind kind = Kind::dense;
  std::int64_t units = 0;  ///< filters of a convolution, outputs of a dense layer
  std::int64_t size = 1;   ///< of the kernel or the window, in both directions
  std::int64_t stride = 1;
  std::int64_t padding = 0;
  double rate = 0.0;                ///< of dropout
  std::string activation;           ///< of nonlinearity_names()
  std::vector<LayerSpec> branch;    ///< of a residual block
  std::vector<LayerSpec> shortcut;  ///< likewise; empty: the identity
};

/// Reads a list of layers, without the last dense layer, whose outputs are the classes:
///   conv FILTERS SIZE [stride S] [pad P]      P = (SIZE − 1)/2 if not said, below SIZE
///   maxpool SIZE [stride S] [pad P]           S = SIZE, P = 0 if not said; avgpool likewise
///   gap, flatten, dense UNITS, norm, dropout RATE, relu and the other nonlinearity_names()
///   block … [shortcut …] end                  a residual block: the layers between, added to the
///                                             shortcut's or to what came in
/// Throws Error that quotes the layer.
[[nodiscard]] std::vector<LayerSpec> read_layers(const std::vector<std::string>& lines);

/// Networks with a name, as such lists: c1 and c3 (Keskar et al. 2017: two 5×5 convolutions), c2
/// and c4 (theirs of the shape of VGG), resnet20 (He et al. 2016 for CIFAR; its shortcuts that
/// change shape are 1×1 convolutions). Throws Error for another name.
[[nodiscard]] const std::vector<std::string>& layers_named(const std::string& name);
[[nodiscard]] const std::vector<std::string>& layered_network_names();

}  // namespace thalweg
