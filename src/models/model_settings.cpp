#include "models/model_settings.hpp"

#include <fmt/format.h>

#include "models/activation.hpp"
#include "models/initialisation.hpp"

namespace thalweg {

namespace {

/// weight_std and bias_std belong to the NTK parametrisation, which has no batch norm.
void read_parametrization(const Settings& model, MlpOptions& options) {
  const auto name = model.choice("parametrization", {"standard", "ntk"}, "standard");
  if (name == "standard") {
    for (const char* key : {"weight_std", "bias_std"}) {
      if (model.has(key)) model.fail(key, R"(has no meaning with parametrization = "standard")");
    }
    return;
  }
  if (options.batch_norm != BatchNormKind::none) {
    model.fail("parametrization", R"(found "ntk", which needs batch_norm = "none")");
  }
  options.parametrization = Parametrization::ntk;
  options.weight_std = model.positive("weight_std", options.weight_std);
  options.bias_std = model.number_at_least("bias_std", 0.0, options.bias_std);
}

/// What batch norm takes its statistics from, and the size of ghost groups.
void read_batch_norm(const Settings& model, ModelOptions& options) {
  const auto norm = model.choice("batch_norm", {"none", "batch", "ghost"}, "batch");
  options.batch_norm = norm == "none"    ? BatchNormKind::none
                       : norm == "batch" ? BatchNormKind::batch
                                         : BatchNormKind::ghost;
  options.ghost_size = model.integer_at_least("ghost_size", 0, 0);
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

void read_mlp(const Settings& model, const std::string& type, ModelOptions& options) {
  if (type == "mlp") {
    options.mlp.widths = model.integers("widths", {256, 256});
    for (const auto width : options.mlp.widths) {
      if (width < 1)
        model.fail("widths", fmt::format("found a width of {}, expected at least 1", width));
    }
    options.mlp.activation = model.choice("activation", nonlinearity_names(), "relu");
  } else if (type == "f1") {
    options.mlp.widths = {512, 512, 512, 512, 512};
  }
  options.mlp.batch_norm = options.batch_norm;
  options.mlp.ghost_size = options.ghost_size;
  read_parametrization(model, options.mlp);
  if (options.mlp.parametrization == Parametrization::ntk && model.has("initialisation")) {
    model.fail("initialisation", R"(has no meaning with parametrization = "ntk")");
  }
}

void refuse_keys_of_mlp(const Settings& model, const std::string& type) {
  for (const char* key : {"widths", "activation", "parametrization", "weight_std", "bias_std"}) {
    if (model.has(key)) model.fail(key, fmt::format("has no meaning with type = \"{}\"", type));
  }
}

}  // namespace

ModelOptions model_settings(const Settings& model) {
  std::vector<std::string> types{"mlp", "linear", "f1", "layers"};
  const auto& layered = layered_network_names();
  types.insert(types.end(), layered.begin(), layered.end());
  const auto type = model.choice("type", types, "mlp");
  ModelOptions options;
  read_batch_norm(model, options);
  options.initialisation = model.choice("initialisation", initialisation_names(), "he_normal");
  if (type != "mlp") {
    for (const char* key : {"widths", "activation"}) {
      if (model.has(key)) model.fail(key, fmt::format("only type = \"mlp\" has it"));
    }
  }
  if (type != "layers" && model.has("layers")) {
    model.fail("layers", fmt::format(R"(only type = "layers" has it, and type is "{}")", type));
  }
  if (type == "mlp" || type == "linear" || type == "f1") {
    read_mlp(model, type, options);
    return options;
  }
  refuse_keys_of_mlp(model, type);
  const auto lines = type == "layers" ? model.strings("layers", {}) : layers_named(type);
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
  return options;
}

MlpOptions mlp_settings(const Settings& model) {
  static_cast<void>(model.choice("type", {"mlp"}, "mlp"));
  ModelOptions options;
  read_batch_norm(model, options);
  read_mlp(model, "mlp", options);
  return options.mlp;
}

}  // namespace thalweg
