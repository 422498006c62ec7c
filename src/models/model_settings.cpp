#include "models/model_settings.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <string>
#include <vector>

#include "models/activation.hpp"
#include "models/initialisation.hpp"

namespace thalweg {

namespace {

const std::vector<std::string>& dense_types() {
  static const std::vector<std::string> types{"mlp", "linear", "f1"};
  return types;
}

std::vector<std::string> all_types() {
  auto types = dense_types();
  types.emplace_back("layers");
  const auto& layered = layered_network_names();
  types.insert(types.end(), layered.begin(), layered.end());
  return types;
}

/// What batch norm takes its statistics from, and the size of ghost groups.
void take_batch_norm(const Settings& model, const Values& values, ModelOptions& options) {
  const auto& norm = values.string("batch_norm");
  options.batch_norm = norm == "none"    ? BatchNormKind::none
                       : norm == "batch" ? BatchNormKind::batch
                                         : BatchNormKind::ghost;
  options.ghost_size = values.integer("ghost_size");
  if (norm == "ghost" && options.ghost_size == 1) {
    model.fail("ghost_size",
               "found 1, but a group needs at least two samples to take a variance of");
  }
  if (norm == "ghost" && options.ghost_size == 0) {
    model.fail("ghost_size", "batch_norm is \"ghost\", which needs the size of its groups");
  }
  if (norm != "ghost" && options.ghost_size > 0) {
    model.fail("ghost_size", fmt::format("has no meaning with batch_norm = \"{}\"", norm));
  }
}

void take_dense(const Settings& model, const Values& values, ModelOptions& options) {
  MlpOptions& mlp = options.mlp;
  const auto& type = values.string("type");
  if (type == "mlp") {
    mlp.widths = values.integers("widths");
    mlp.activation = values.string("activation");
  } else if (type == "f1") {
    mlp.widths = {512, 512, 512, 512, 512};
  }
  mlp.batch_norm = options.batch_norm;
  mlp.ghost_size = options.ghost_size;
  if (values.string("parametrization") == "standard") return;
  if (mlp.batch_norm != BatchNormKind::none) {
    model.fail("parametrization", R"(found "ntk", which needs batch_norm = "none")");
  }
  if (model.has("initialisation")) {
    model.fail("initialisation", R"(has no meaning with parametrization = "ntk")");
  }
  mlp.parametrization = Parametrization::ntk;
  mlp.weight_std = values.number("weight_std");
  mlp.bias_std = values.number("bias_std");
}

void take_layers(const Settings& model, const Values& values, ModelOptions& options) {
  const auto& type = values.string("type");
  const auto lines = type == "layers" ? values.strings("layers") : layers_named(type);
  try {
    options.layers = read_layers(lines);
  } catch (const Error& error) {
    model.fail("layers", error.what());
  }
  if (options.layers.empty()) {
    model.fail("layers", R"(expected a list such as ["conv 16 3", "norm", "relu", "maxpool 2", )"
                         R"("flatten", "dense 64", "relu"])");
  }
  if (model.has("batch_norm") && options.batch_norm != BatchNormKind::none &&
      !options.has_batch_norm()) {
    model.fail("batch_norm",
               R"(there is no "norm" among the layers: put it there, or "none" here)");
  }
}

}  // namespace

const std::vector<Key>& model_keys() {
  static const std::vector<Key> keys = [] {
    const MlpOptions usual;
    const KeyCondition mlp{"type", {"mlp"}};
    const KeyCondition ntk{"parametrization", {"ntk"}};
    return std::vector<Key>{
        {"type",
         std::string("mlp"),
         {.words = all_types()},
         "the network; see thalweg list models"},
        {"batch_norm",
         std::string("batch"),
         {.words = {"none", "batch", "ghost"}},
         "what norms take their statistics of: the batch, or groups of it (Hoffer et al. 2017)"},
        {"ghost_size", std::int64_t{0}, {.least = 0.0}, "samples of a group, with ghosts"},
        {"initialisation",
         std::string("he_normal"),
         {.words = initialisation_names()},
         "the law of the weights a run starts with"},
        {"widths", std::vector<std::int64_t>{256, 256}, {.least = 1.0}, "of hidden layers", mlp},
        {"activation",
         std::string("relu"),
         {.words = nonlinearity_names()},
         "after every hidden layer",
         mlp},
        {"layers",
         std::vector<std::string>{},
         {},
         "without the last dense one, which has an output a class",
         KeyCondition{"type", {"layers"}}},
        {"parametrization",
         std::string("standard"),
         {.words = {"standard", "ntk"}},
         "ntk: weights of variance 1, divided by the root of the width (Jacot et al. 2018)",
         KeyCondition{"type", dense_types()}},
        {"weight_std", usual.weight_std, {.above = 0.0}, "σ_w of the NTK parametrisation", ntk},
        {"bias_std", usual.bias_std, {.least = 0.0}, "σ_b", ntk}};
  }();
  return keys;
}

ModelOptions model_settings(const Settings& model) {
  const Values values(model, model_keys());
  values.refuse_idle(model, model_keys());
  ModelOptions options;
  take_batch_norm(model, values, options);
  options.initialisation = values.string("initialisation");
  const auto& dense = dense_types();
  if (std::find(dense.begin(), dense.end(), values.string("type")) != dense.end()) {
    take_dense(model, values, options);
  } else {
    take_layers(model, values, options);
  }
  return options;
}

MlpOptions mlp_settings(const Settings& model) {
  // What such a study does not draw has no law.
  std::vector<Key> keys;
  for (const auto& key : model_keys()) {
    if (key.name != "initialisation" && key.name != "layers") keys.push_back(key);
  }
  keys.front().range.words = {"mlp"};
  const Values values(model, keys);
  values.refuse_idle(model, keys);
  ModelOptions options;
  take_batch_norm(model, values, options);
  take_dense(model, values, options);
  return options.mlp;
}

}  // namespace thalweg
