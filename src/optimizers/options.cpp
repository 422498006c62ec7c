#include "optimizers/options.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/error.hpp"

namespace thalweg {

namespace {

OptimizerKind kind(const char* type, double learning_rate, std::vector<std::string> keys) {
  OptimizerKind made;
  made.defaults.type = type;
  made.learning_rate = learning_rate;
  made.keys = std::move(keys);
  return made;
}

std::vector<OptimizerKind> all_kinds() {
  auto sgd = kind("sgd", 0.1, {"momentum"});
  auto nesterov = kind("nesterov", 0.1, {"momentum"});
  nesterov.defaults.momentum = 0.9;
  auto adagrad = kind("adagrad", 0.01, {"epsilon"});
  adagrad.defaults.epsilon = 1e-10;
  auto adadelta = kind("adadelta", 1.0, {"smoothing", "epsilon"});
  adadelta.defaults.smoothing = 0.9;
  adadelta.defaults.epsilon = 1e-6;
  auto rmsprop = kind("rmsprop", 0.01, {"smoothing", "epsilon", "momentum"});
  auto adam = kind("adam", 1e-3, {"beta1", "beta2", "epsilon"});
  auto adamw = kind("adamw", 1e-3, {"beta1", "beta2", "epsilon"});
  adamw.defaults.weight_decay = 0.01;
  auto lars = kind("lars", 1.0, {"momentum", "trust", "epsilon"});
  lars.defaults.momentum = 0.9;
  auto grouped = kind("grouped_rmsprop", 1e-3, {"smoothing", "epsilon"});
  grouped.defaults.epsilon = 1e-6;
  auto flow = kind("flow", 0.1, {"relative_tolerance", "absolute_tolerance"});
  return {sgd, nesterov, adagrad, adadelta, rmsprop, adam, adamw, lars, grouped, flow};
}

}  // namespace

bool OptimizerKind::takes(const std::string& key) const {
  return std::find(keys.begin(), keys.end(), key) != keys.end();
}

const std::vector<OptimizerKind>& optimizer_kinds() {
  static const std::vector<OptimizerKind> kinds = all_kinds();
  return kinds;
}

const OptimizerKind& optimizer_kind(const std::string& type) {
  std::string known;
  for (const auto& kind : optimizer_kinds()) {
    if (kind.type() == type) return kind;
    known += (known.empty() ? "" : ", ") + kind.type();
  }
  throw ConfigurationError(fmt::format("optimizer '{}' is not known; known: {}", type, known));
}

double default_radius(const std::string& sharpness_aware) {
  return sharpness_aware == "asam" ? 0.5 : 0.05;
}

std::optional<double> OptimizerOptions::stability_threshold(double learning_rate) const {
  if (sharpness_aware != "none") return std::nullopt;
  const double polyak = (2.0 + 2.0 * momentum) / learning_rate;
  if (type == "sgd" || type == "rmsprop") return polyak;
  if (type == "nesterov") return polyak / (1.0 + 2.0 * momentum);
  if (type == "adagrad") return 2.0 / learning_rate;
  if (type == "adam" || type == "adamw") {
    return (2.0 + 2.0 * beta1) / (learning_rate * (1.0 - beta1));
  }
  return std::nullopt;
}

}  // namespace thalweg
