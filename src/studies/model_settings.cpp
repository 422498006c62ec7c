#include "studies/model_settings.hpp"

#include <fmt/format.h>

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

}  // namespace

MlpOptions model_settings(const Settings& model) {
  MlpOptions options;
  static_cast<void>(model.choice("type", {"mlp"}, "mlp"));
  options.widths = model.integers("widths", {256, 256});
  for (const auto width : options.widths) {
    if (width < 1)
      model.fail("widths", fmt::format("found a width of {}, expected at least 1", width));
  }
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
  read_parametrization(model, options);
  return options;
}

}  // namespace thalweg
