#include "kernels/kernel_settings.hpp"

#include <fmt/format.h>

#include <string>
#include <vector>

#include "kernels/convolutional_settings.hpp"
#include "kernels/pointwise_settings.hpp"
#include "kernels/regression_settings.hpp"
#include "models/model_settings.hpp"

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
             fmt::format(R"(found "{}", expected "all", "last" or "from:j" with a dense )"
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
        fmt::format(R"(found "{}", but the NNGP kernel trains the last layer alone)", trained));
  }
  kernel.activation = activation_named(table.choice("activation", activation_names(), "relu"));
  if (kernel.activation == Activation::leaky_relu) {
    kernel.negative_slope = table.number("negative_slope", kernel.negative_slope);
  }
  kernel.weight_variance = table.positive("weight_variance", 2.0);
  kernel.bias_variance = table.number_at_least("bias_variance", 0.0, 0.0);
  return kernel;
}

EmpiricalKernelOptions empirical(const Settings& table, const Settings& model) {
  EmpiricalKernelOptions options;
  options.network = mlp_settings(model);
  if (options.network.batch_norm != BatchNormKind::none) {
    model.fail("batch_norm", R"(an empirical kernel at the initial parameters needs "none")");
  }
  options.network.outputs = table.integer_at_least("outputs", 1, 10);
  options.seed = static_cast<std::uint64_t>(table.integer_at_least("seed", 0, 0));
  options.method = tangent_method_named(table.choice("method", tangent_method_names(), "cheapest"));
  return options;
}

}  // namespace

std::vector<std::string> kernel_types() {
  std::vector<std::string> types{"ntk", "nngp", "cntk", "cnngp", "convnet", "empirical"};
  const auto& forms = pointwise_form_names();
  types.insert(types.end(), forms.begin(), forms.end());
  return types;
}

KernelChoice kernel_choice(const Settings& study) {
  const Settings table = study.table("kernel");
  const std::string type = table.choice("type", kernel_types(), "ntk");
  if (type == "ntk" || type == "nngp") return {fully_connected(table, type)};
  if (type == "cntk" || type == "cnngp") return convolutional_kernel(table, type == "cnngp");
  if (type == "convnet") return convolutional_net_kernel(table);
  if (type == "empirical") return {empirical(table, study.table("model"))};
  return {pointwise_kernel(table, pointwise_form_named(type))};
}

bool KernelSettings::keeps_matrix(std::int64_t train_samples) const {
  if (regression.method == RegressionMethod::cg || !reused_gram.empty()) return false;
  const bool costly = std::holds_alternative<ConvolutionalKernel>(kernel.numbers()) ||
                      std::holds_alternative<ConvolutionalNetKernel>(kernel.numbers());
  return keep_gram.value_or(costly || train_samples <= kKeepUpTo);
}

KernelSettings kernel_settings(const Settings& study, std::int64_t train_samples) {
  KernelSettings chosen;
  const Settings table = study.table("kernel");
  chosen.kernel = kernel_choice(study);
  const auto precision = table.choice("precision", {"float64", "float32", "mixed"}, "float64");
  chosen.precision = precision == "mixed"     ? Precision::mixed
                     : precision == "float32" ? Precision::float32
                                              : Precision::float64;
  chosen.regression = regression_settings(study.table("regression"));
  const RegressionOptions& regression = chosen.regression;
  if (chosen.precision == Precision::mixed &&
      (regression.method != RegressionMethod::cholesky || regression.leave_one_out)) {
    table.fail("precision", R"(found "mixed", which solves one ridge by method = "cholesky"; use )"
                            R"("float64" for a grid, leave-one-out, "eigen" or "cg")");
  }
  if (regression.ensemble && !chosen.kernel.has_nngp()) {
    study.table("regression")
        .fail("ensemble", R"(needs the tangent kernel of a network: kernel.type "ntk" or "cntk")");
  }
  const bool matrix = regression.method != RegressionMethod::cg;
  if (train_samples > 0) {
    chosen.keep_gram = table.boolean("keep_gram", chosen.keeps_matrix(train_samples));
  } else if (table.has("keep_gram")) {
    chosen.keep_gram = table.boolean("keep_gram", true);
  }
  if (!matrix && chosen.keep_gram.value_or(false)) {
    table.fail("keep_gram", R"(found true, but method = "cg" makes no matrix)");
  }
  chosen.reused_gram = table.string("gram", "");
  if (!chosen.reused_gram.empty()) table.expect_file("gram", chosen.reused_gram);
  if (!matrix && !chosen.reused_gram.empty()) {
    table.fail("gram", R"(has no meaning with method = "cg", which makes no matrix)");
  }
  return chosen;
}

}  // namespace thalweg
