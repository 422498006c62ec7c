#include "optimizers/optimizer_settings.hpp"

#include <fmt/format.h>

#include <cstddef>
#include <string>
#include <vector>

namespace thalweg {

namespace {

void check_milestones(const Settings& table, const std::vector<double>& milestones) {
  if (milestones.empty()) {
    table.fail("milestones", "a schedule of type \"step\" needs the epochs of its steps");
  }
  for (std::size_t i = 1; i < milestones.size(); ++i) {
    if (milestones[i] > milestones[i - 1]) continue;
    table.fail("milestones",
               fmt::format("found {}, expected epochs, each above the last", milestones[i]));
  }
}

void check_batches(const Settings& table, const std::vector<std::int64_t>& epochs,
                   const std::vector<std::int64_t>& sizes, std::int64_t least_batch) {
  if (sizes.size() != epochs.size()) {
    table.fail("batch_sizes", fmt::format("found {} of them, expected as many as batch_epochs, {}",
                                          sizes.size(), epochs.size()));
  }
  for (std::size_t i = 1; i < epochs.size(); ++i) {
    if (epochs[i] > epochs[i - 1]) continue;
    table.fail("batch_epochs",
               fmt::format("found {}, expected epochs, each above the last", epochs[i]));
  }
  for (const auto size : sizes) {
    if (size >= least_batch) continue;
    table.fail("batch_sizes",
               fmt::format("found {}, expected at least {}, for batch norm", size, least_batch));
  }
}

}  // namespace

std::vector<Key> keys_of(const OptimizerKind& kind) {
  std::vector<Key> keys = kind.keys;
  if (!kind.takes("weight_decay")) keys.push_back(weight_decay_key(0.0));
  keys.push_back(
      {"decay_normalisation", true, {}, "whether biases and parameters of batch norm decay, too"});
  if (kind.is_flow()) return keys;
  keys.push_back({"clip_norm",
                  0.0,
                  {.least = 0.0},
                  "largest norm of a gradient that is stepped with; 0: any"});
  keys.push_back({"sam",
                  std::string("none"),
                  {.words = {"none", "sam", "asam"}},
                  "step by the gradient at the worst point of a ball (Foret et al. 2021), or of "
                  "one scaled by the weights (Kwon et al. 2021)"});
  for (const char* sam : {"sam", "asam"}) {
    keys.push_back({"sam_radius",
                    default_radius(sam),
                    {.above = 0.0},
                    "ρ, the ball's radius",
                    KeyCondition{"sam", {sam}}});
  }
  return keys;
}

Key learning_rate_key(const OptimizerKind& kind) {
  return {"learning_rate", kind.learning_rate, {.above = 0.0}, "η, before the schedule"};
}

OptimizerOptions optimizer_settings(const Settings& table) {
  const OptimizerKind& kind = named_kind(optimizer_kinds(), table);
  OptimizerOptions options(kind.name);
  options.values = Values(table, keys_of(kind));
  options.weight_decay = options.values.number("weight_decay");
  options.decay_normalisation = options.values.boolean("decay_normalisation");
  if (kind.is_flow()) return options;
  options.clip_norm = options.values.number("clip_norm");
  options.sharpness_aware = options.values.string("sam");
  options.radius = options.values.number("sam_radius");
  return options;
}

OptimizerOptions optimizer_settings(const Settings& table, double& learning_rate) {
  const OptimizerKind& kind = named_kind(optimizer_kinds(), table);
  learning_rate = Values(table, {learning_rate_key(kind)}).number("learning_rate");
  return optimizer_settings(table);
}

const std::vector<Key>& schedule_keys() {
  const ScheduleOptions usual;
  const KeyCondition step{"type", {"step"}};
  const KeyCondition scaled{"scaling", {"linear", "sqrt"}};
  static const std::vector<Key> keys{
      {"type",
       usual.type,
       {.words = {"constant", "step", "cosine", "linear"}},
       "the rate after warm-up: constant; times a factor at milestones; half a cosine, or a line, "
       "down to final_factor"},
      {"warmup_epochs",
       usual.warmup_epochs,
       {.least = 0.0},
       "over which the rate rises from next "
       "to nothing (Goyal et al. 2017)"},
      {"milestones", usual.milestones, {.above = 0.0}, "epochs, each above the last", step},
      {"factor", usual.factor, {.above = 0.0}, "of the rate at each milestone", step},
      {"final_factor",
       usual.final_factor,
       {.least = 0.0},
       "share of the rate that is left at the end",
       KeyCondition{"type", {"cosine", "linear"}}},
      {"scaling",
       usual.scaling,
       {.words = {"none", "linear", "sqrt"}},
       "the rate times batch/reference_batch (Goyal et al. 2017), or its root (Hoffer et al. "
       "2017)"},
      {"batch_epochs",
       std::vector<std::int64_t>{},
       {.above = 0.0},
       "from these epochs on, each above the last, other batches (Smith et al. 2018)"},
      {"batch_sizes", usual.batch_sizes, {.least = 1.0}, "as many, of so many samples"},
      {"reference_batch",
       usual.reference_batch,
       {.least = 1.0},
       "that the rate is meant for",
       scaled},
      {"scale_with_growth",
       usual.scale_with_growth,
       {},
       "whether scaling follows the batch at hand, not the first one",
       scaled}};
  return keys;
}

ScheduleOptions schedule_settings(const Settings& table, std::int64_t least_batch) {
  const Values values(table, schedule_keys());
  ScheduleOptions options;
  options.type = values.string("type");
  options.warmup_epochs = values.number("warmup_epochs");
  options.milestones = values.numbers("milestones");
  options.factor = values.number("factor");
  options.final_factor = values.number("final_factor");
  options.scaling = values.string("scaling");
  options.batch_sizes = values.integers("batch_sizes");
  for (const auto epoch : values.integers("batch_epochs")) {
    options.batch_epochs.push_back(static_cast<double>(epoch));
  }
  options.reference_batch = values.integer("reference_batch");
  options.scale_with_growth = values.boolean("scale_with_growth");
  if (options.type == "step") check_milestones(table, options.milestones);
  check_batches(table, values.integers("batch_epochs"), options.batch_sizes, least_batch);
  return options;
}

}  // namespace thalweg
