#include "models/architecture.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "base/words.hpp"
#include "models/activation.hpp"

namespace thalweg {

namespace {

using Kind = LayerSpec::Kind;

std::int64_t positive(Words& words, const char* what) {
  const std::int64_t value = words.number(what);
  if (value < 1) words.fail(fmt::format("found 0, expected at least 1 for {}", what));
  return value;
}

/// What may stand behind a convolution's or a window's sizes.
void read_stride_and_padding(Words& words, LayerSpec& layer) {
  for (;;) {
    if (words.take("stride")) {
      layer.stride = positive(words, "stride");
    } else if (words.take("pad")) {
      layer.padding = words.number("pad");
    } else {
      return;
    }
  }
}

LayerSpec layer_of(const std::string& line) {
  Words words(line);
  const std::string name = words.word();
  const auto& activations = nonlinearity_names();
  LayerSpec layer;
  if (name == "conv") {
    layer.kind = Kind::convolution;
    layer.units = positive(words, "the filters");
    layer.size = positive(words, "the kernel's size");
    layer.padding = (layer.size - 1) / 2;
    read_stride_and_padding(words, layer);
    // More would be pixels that see nothing of the image.
    if (layer.padding >= layer.size) words.fail("expected a pad below the kernel's size");
  } else if (name == "maxpool" || name == "avgpool") {
    layer.kind = name == "maxpool" ? Kind::max_pool : Kind::average_pool;
    layer.size = positive(words, "the window's size");
    layer.stride = layer.size;
    read_stride_and_padding(words, layer);
    if (2 * layer.padding > layer.size) words.fail("pad is above half of the window's size");
  } else if (name == "gap") {
    layer.kind = Kind::global_average_pool;
  } else if (name == "flatten") {
    layer.kind = Kind::flatten;
  } else if (name == "dense") {
    layer.units = positive(words, "the units");
  } else if (name == "norm") {
    layer.kind = Kind::norm;
  } else if (name == "dropout") {
    layer.kind = Kind::dropout;
    layer.rate = words.real("the rate");
    if (!(layer.rate >= 0.0 && layer.rate < 1.0)) {
      words.fail("expected a rate of at least 0 and below 1");
    }
  } else if (std::find(activations.begin(), activations.end(), name) != activations.end()) {
    layer.kind = Kind::activation;
    layer.activation = name;
  } else {
    words.fail(
        "expected conv, maxpool, avgpool, gap, flatten, dense, norm, dropout, block or an "
        "activation");
  }
  words.expect_end();
  return layer;
}

/// Layers from `at` on up to one of the closing words, or to the end where there are none.
std::vector<LayerSpec> read_until(const std::vector<std::string>& lines, std::size_t& at,
                                  const std::vector<std::string>& closing) {
  std::vector<LayerSpec> layers;
  while (at < lines.size()) {
    if (std::find(closing.begin(), closing.end(), lines[at]) != closing.end()) return layers;
    if (lines[at] != "block") {
      layers.push_back(layer_of(lines[at++]));
      continue;
    }
    LayerSpec block;
    block.kind = Kind::residual;
    ++at;
    block.branch = read_until(lines, at, {"shortcut", "end"});
    if (block.branch.empty()) throw Error("\"block\": expected layers before its end");
    if (at < lines.size() && lines[at] == "shortcut") {
      ++at;
      block.shortcut = read_until(lines, at, {"end"});
    }
    if (at == lines.size()) throw Error(R"("block": expected "end" after its layers)");
    ++at;
    layers.push_back(std::move(block));
  }
  if (!closing.empty()) throw Error(R"("block": expected "end" after its layers)");
  return layers;
}

void append(std::vector<std::string>& to, const std::vector<std::string>& more) {
  to.insert(to.end(), more.begin(), more.end());
}

std::vector<std::string> keskar_shallow() {
  std::vector<std::string> layers;
  for (int i = 0; i < 2; ++i) append(layers, {"conv 64 5", "norm", "relu", "maxpool 3 stride 2"});
  layers.emplace_back("flatten");
  for (const char* dense : {"dense 384", "dense 192"}) {
    append(layers, {dense, "norm", "relu", "dropout 0.5"});
  }
  return layers;
}

std::vector<std::string> keskar_deep() {
  std::vector<std::string> layers;
  const auto stage = [&](int filters, int convolutions) {
    for (int i = 0; i < convolutions; ++i) {
      append(layers, {fmt::format("conv {} 3", filters), "norm", "relu"});
    }
    layers.emplace_back("maxpool 2");
  };
  stage(64, 2);
  stage(128, 2);
  stage(256, 3);
  stage(512, 3);
  stage(512, 3);
  append(layers, {"flatten", "dropout 0.5", "dense 512", "norm", "relu", "dropout 0.5"});
  return layers;
}

std::vector<std::string> resnet20() {
  std::vector<std::string> layers{"conv 16 3", "norm", "relu"};
  for (const int filters : {16, 32, 64}) {
    for (int block = 0; block < 3; ++block) {
      const bool narrows = filters > 16 && block == 0;
      append(layers, {"block", fmt::format("conv {} 3 stride {}", filters, narrows ? 2 : 1), "norm",
                      "relu", fmt::format("conv {} 3", filters), "norm"});
      if (narrows) append(layers, {"shortcut", fmt::format("conv {} 1 stride 2", filters), "norm"});
      append(layers, {"end", "relu"});
    }
  }
  layers.emplace_back("gap");
  return layers;
}

const std::map<std::string, std::vector<std::string>>& named() {
  static const std::map<std::string, std::vector<std::string>> all{{"c1", keskar_shallow()},
                                                                   {"c2", keskar_deep()},
                                                                   {"c3", keskar_shallow()},
                                                                   {"c4", keskar_deep()},
                                                                   {"resnet20", resnet20()}};
  return all;
}

}  // namespace

std::vector<LayerSpec> read_layers(const std::vector<std::string>& lines) {
  std::size_t at = 0;
  return read_until(lines, at, {});
}

const std::vector<std::string>& layers_named(const std::string& name) {
  const auto found = named().find(name);
  if (found == named().end()) throw Error(fmt::format("network '{}' is not known", name));
  return found->second;
}

const std::vector<std::string>& layered_network_names() {
  static const std::vector<std::string> names = [] {
    std::vector<std::string> list;
    for (const auto& [name, layers] : named()) list.push_back(name);
    return list;
  }();
  return names;
}

}  // namespace thalweg
