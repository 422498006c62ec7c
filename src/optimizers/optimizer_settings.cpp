#include "optimizers/optimizer_settings.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

namespace thalweg {

namespace {

const OptimizerKind& kind_of(const Settings& table) {
  std::vector<std::string> types;
  for (const auto& kind : optimizer_kinds()) types.push_back(kind.type());
  return optimizer_kind(table.choice("type", types, "sgd"));
}

double below_one(const Settings& table, const char* key, double fallback) {
  const double value = table.number_at_least(key, 0.0, fallback);
  if (value >= 1.0) table.fail(key, fmt::format("found {}, expected a number below 1", value));
  return value;
}

void read_milestones(const Settings& table, ScheduleOptions& options) {
  options.milestones = table.numbers("milestones", {});
  if (options.milestones.empty()) {
    table.fail("milestones", "a schedule of type \"step\" needs the epochs of its steps");
  }
  double before = 0.0;
  for (const double epoch : options.milestones) {
    if (!std::isfinite(epoch) || epoch <= before) {
      table.fail("milestones",
                 fmt::format("found {}, expected epochs above 0, each above the last", epoch));
    }
    before = epoch;
  }
  options.factor = table.positive("factor", options.factor);
}

void read_batches(const Settings& table, std::int64_t least_batch, ScheduleOptions& options) {
  const auto epochs = table.integers("batch_epochs", {});
  options.batch_sizes = table.integers("batch_sizes", {});
  if (options.batch_sizes.size() != epochs.size()) {
    table.fail("batch_sizes", fmt::format("found {} of them, expected as many as batch_epochs, {}",
                                          options.batch_sizes.size(), epochs.size()));
  }
  std::int64_t before = 0;
  for (const auto epoch : epochs) {
    if (epoch <= before) {
      table.fail("batch_epochs",
                 fmt::format("found {}, expected epochs above 0, each above the last", epoch));
    }
    before = epoch;
    options.batch_epochs.push_back(static_cast<double>(epoch));
  }
  for (const auto size : options.batch_sizes) {
    if (size >= least_batch) continue;
    table.fail("batch_sizes", fmt::format("found {}, expected at least {}{}", size, least_batch,
                                          least_batch > 1 ? ", for batch norm" : ""));
  }
}

}  // namespace

double relative_tolerance(const Settings& table, double usual) {
  constexpr double least = 1e-14;  // some units in the last place
  const double value = table.positive("relative_tolerance", usual);
  if (value < least) {
    table.fail("relative_tolerance", fmt::format("found {}, expected at least {}", value, least));
  }
  return value;
}

OptimizerOptions optimizer_settings(const Settings& table) {
  const OptimizerKind& kind = kind_of(table);
  OptimizerOptions options = kind.defaults;
  options.weight_decay = table.number_at_least("weight_decay", 0.0, options.weight_decay);
  options.decay_normalisation = table.boolean("decay_normalisation", options.decay_normalisation);
  if (options.is_flow()) {
    options.flow.relative_tolerance = relative_tolerance(table, options.flow.relative_tolerance);
    options.flow.absolute_tolerance =
        table.positive("absolute_tolerance", options.flow.absolute_tolerance);
    return options;
  }
  options.clip_norm = table.number_at_least("clip_norm", 0.0, 0.0);
  if (kind.takes("momentum")) options.momentum = below_one(table, "momentum", options.momentum);
  if (kind.takes("beta1")) options.beta1 = below_one(table, "beta1", options.beta1);
  if (kind.takes("beta2")) options.beta2 = below_one(table, "beta2", options.beta2);
  if (kind.takes("smoothing")) options.smoothing = below_one(table, "smoothing", options.smoothing);
  if (kind.takes("epsilon")) options.epsilon = table.positive("epsilon", options.epsilon);
  if (kind.takes("trust")) options.trust = table.positive("trust", options.trust);
  options.sharpness_aware = table.choice("sam", {"none", "sam", "asam"}, "none");
  if (options.sharpness_aware != "none") {
    options.radius = table.positive("sam_radius", default_radius(options.sharpness_aware));
  }
  return options;
}

OptimizerOptions optimizer_settings(const Settings& table, double& learning_rate) {
  learning_rate = table.positive("learning_rate", kind_of(table).learning_rate);
  return optimizer_settings(table);
}

ScheduleOptions schedule_settings(const Settings& table, std::int64_t least_batch) {
  ScheduleOptions options;
  options.type = table.choice("type", {"constant", "step", "cosine", "linear"}, "constant");
  options.warmup_epochs = table.number_at_least("warmup_epochs", 0.0, 0.0);
  if (options.type == "step") read_milestones(table, options);
  if (options.type == "cosine" || options.type == "linear") {
    options.final_factor = table.number_at_least("final_factor", 0.0, options.final_factor);
  }
  options.scaling = table.choice("scaling", {"none", "linear", "sqrt"}, "none");
  read_batches(table, least_batch, options);
  if (options.scaling != "none") {
    options.reference_batch = table.integer_at_least("reference_batch", 1, options.reference_batch);
    options.scale_with_growth = table.boolean("scale_with_growth", false);
  }
  return options;
}

}  // namespace thalweg
