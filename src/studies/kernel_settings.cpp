#include "studies/kernel_settings.hpp"

#include <fmt/format.h>

#include <string>

#include "studies/regression_settings.hpp"

namespace thalweg {

namespace {

constexpr std::int64_t kKeepUpTo = 20000;

/// "all", "last" or "from:j".
std::int64_t first_trained(const Settings& table, const std::string& trained, std::int64_t depth) {
  if (trained == "all") return 0;
  if (trained == "last") return depth;
  if (trained.starts_with("from:") && trained.size() > 5 && trained.size() < 12 &&
      trained.find_first_not_of("0123456789", 5) == std::string::npos) {
    const std::int64_t layer = std::stoll(trained.substr(5));
    if (layer <= depth) return layer;
  }
  table.fail("trained",
             fmt::format("found \"{}\", expected \"all\", \"last\" or \"from:j\" with a dense "
                         "layer j of 0 to {}",
                         trained, depth));
}

FullyConnectedKernel fully_connected(const Settings& table, const std::string& type) {
  FullyConnectedKernel kernel;
  kernel.depth = table.integer_at_least("depth", 1, 3);
  kernel.input_scaling = table.boolean("input_scaling", true);
  const std::string trained = table.string("trained", type == "nngp" ? "last" : "all");
  kernel.first_trained = first_trained(table, trained, kernel.depth);
  if (type == "nngp" && trained != "last") {
    table.fail(
        "trained",
        fmt::format("found \"{}\", but the NNGP kernel trains the last layer alone", trained));
  }
  kernel.activation = activation_named(table.choice("activation", activation_names(), "relu"));
  if (kernel.activation == Activation::leaky_relu) {
    kernel.negative_slope = table.number("negative_slope", kernel.negative_slope);
  }
  kernel.weight_variance = table.positive("weight_variance", 2.0);
  kernel.bias_variance = table.number_at_least("bias_variance", 0.0, 0.0);
  return kernel;
}

}  // namespace

KernelChoice kernel_choice(const Settings& table) {
  const std::string type = table.choice("type", {"ntk", "nngp"}, "ntk");
  return KernelChoice(fully_connected(table, type));
}

KernelSettings kernel_settings(const Settings& study, std::int64_t train_samples) {
  KernelSettings chosen;
  const Settings table = study.table("kernel");
  chosen.kernel = kernel_choice(table);
  const std::string precision =
      table.choice("precision", {"float64", "float32", "mixed"}, "float64");
  chosen.single_precision = precision == "float32";
  chosen.mixed_precision = precision == "mixed";
  chosen.regression = regression_options(study, chosen.mixed_precision);
  const bool stored = chosen.regression.method != RegressionMethod::cg;
  chosen.keep_gram =
      table.boolean("keep_gram", stored && 0 < train_samples && train_samples <= kKeepUpTo);
  if (chosen.keep_gram && !stored) {
    table.fail("keep_gram", "[regression] method = \"cg\" makes no matrix to keep");
  }
  if (chosen.regression.ensemble && !chosen.kernel.nngp()) {
    study.table("regression").fail("ensemble", "this kernel is not that of a network");
  }
  return chosen;
}

}  // namespace thalweg
