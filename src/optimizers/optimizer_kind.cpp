#include "optimizers/optimizer_kind.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/error.hpp"

namespace thalweg {

// Each in first_order/, the flow in flow/flow_step.cpp.
OptimizerKind sgd_kind();
OptimizerKind nesterov_kind();
OptimizerKind adagrad_kind();
OptimizerKind adadelta_kind();
OptimizerKind rmsprop_kind();
OptimizerKind adam_kind();
OptimizerKind adamw_kind();
OptimizerKind lars_kind();
OptimizerKind grouped_rmsprop_kind();
OptimizerKind flow_kind();

const std::vector<OptimizerKind>& optimizer_kinds() {
  static const std::vector<OptimizerKind> kinds{
      sgd_kind(),  nesterov_kind(), adagrad_kind(), adadelta_kind(),        rmsprop_kind(),
      adam_kind(), adamw_kind(),    lars_kind(),    grouped_rmsprop_kind(), flow_kind()};
  return kinds;
}

const OptimizerKind& optimizer_kind(const std::string& type) {
  std::string known;
  for (const auto& kind : optimizer_kinds()) {
    if (kind.name == type) return kind;
    known += (known.empty() ? "" : ", ") + kind.name;
  }
  throw ConfigurationError(fmt::format("optimizer '{}' is not known; known: {}", type, known));
}

bool OptimizerKind::takes(const std::string& key) const {
  return std::any_of(keys.begin(), keys.end(), [&](const Key& one) { return one.name == key; });
}

Key momentum_key(double usual) {
  return {"momentum", usual, {.least = 0.0, .below = 1.0}, "β: the share of the last move kept"};
}

Key epsilon_key(double usual) {
  return {"epsilon", usual, {.above = 0.0}, "ε, which keeps quotients finite"};
}

Key smoothing_key(double usual) {
  return {"smoothing",
          usual,
          {.least = 0.0, .below = 1.0},
          "weight of the past in the running mean of squared gradients"};
}

Key weight_decay_key(double usual) {
  return {"weight_decay",
          usual,
          {.least = 0.0},
          "λ of λ/2 ‖w‖², added to the gradient after clipping; of adamw apart from it"};
}

}  // namespace thalweg
