#include "studies/run_plan.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "studies/model_settings.hpp"

namespace thalweg {

bool is_plain_name(const std::string& name) {
  // Names become names of files and of groups of a record.
  constexpr std::size_t longest = 100;
  return !name.empty() && name.front() != '.' && name.size() <= longest &&
         std::all_of(name.begin(), name.end(), [](unsigned char c) {
           return std::isalnum(c) != 0 || c == '_' || c == '-' || c == '.';
         });
}

namespace {

TrainOptions read_train(const Settings& train, const ModelOptions& model) {
  TrainOptions options;
  options.loss = train.choice("loss", {"cross_entropy", "squared"}, "cross_entropy") == "squared"
                     ? LossKind::squared
                     : LossKind::cross_entropy;
  options.batch = train.integer_at_least("batch", 1, options.batch);
  if (options.batch == 1 && model.has_batch_norm()) {
    train.fail("batch", "found 1, but batch norm needs at least two samples to take a variance of");
  }
  options.shard = train.integer_at_least("shard", 0, 0);
  if (options.shard == 0 && model.ghost_size > 0) {
    const std::int64_t shard = default_shard(options.batch);
    options.shard = (shard + model.ghost_size - 1) / model.ghost_size * model.ghost_size;
  }
  if (model.ghost_size > 0 && options.shard % model.ghost_size != 0) {
    train.fail("shard", fmt::format("found {}, expected a multiple of ghost_size = {}",
                                    options.shard, model.ghost_size));
  }
  options.epochs = train.integer_at_least("epochs", 1, options.epochs);
  options.evaluate_every = train.integer_at_least("evaluate_every", 0, 0);
  options.target_loss = train.number_at_least("target_loss", 0.0, 0.0);
  options.drop_last = train.boolean("drop_last", false);
  options.augmentation.crop_padding = train.integer_at_least("crop_padding", 0, 0);
  options.augmentation.flip = train.boolean("flip", false);
  options.gradient_norm_every = train.choice("gradient_norm", {"end", "every"}, "end") == "every";
  options.checkpoint_every_s = train.positive("checkpoint_every_s", options.checkpoint_every_s);
  return options;
}

OptimizerOptions read_optimizer(const Settings& table, double& learning_rate) {
  OptimizerOptions options;
  options.type = table.choice("type", {"sgd", "nesterov", "adam"}, "sgd");
  learning_rate = table.positive("learning_rate", options.type == "adam" ? 1e-3 : 0.1);
  options.weight_decay = table.number_at_least("weight_decay", 0.0, 0.0);
  const auto below_one = [&table](const char* key, double fallback) {
    const double value = table.number_at_least(key, 0.0, fallback);
    if (value >= 1.0) table.fail(key, fmt::format("found {}, expected a number below 1", value));
    return value;
  };
  if (options.type == "adam") {
    options.beta1 = below_one("beta1", options.beta1);
    options.beta2 = below_one("beta2", options.beta2);
    options.epsilon = table.positive("epsilon", options.epsilon);
  } else {
    options.momentum = below_one("momentum", options.type == "nesterov" ? 0.9 : 0.0);
  }
  return options;
}

std::string plain_name(const std::string& text) {
  std::string name = text;
  std::replace(name.begin(), name.end(), ' ', '_');
  return name;
}

}  // namespace

std::vector<RunPlan> read_run_plans(const Settings& settings, std::uint64_t study_seed) {
  const auto seeds =
      settings.table("sweep").integers("seeds", {static_cast<std::int64_t>(study_seed)});
  if (seeds.empty()) settings.table("sweep").fail("seeds", "expected at least one seed");
  for (const auto seed : seeds) {
    if (seed < 0)
      settings.table("sweep").fail("seeds",
                                   fmt::format("found {}, expected seeds of at least 0", seed));
  }
  const auto probes = read_probe_plans(settings, study_seed);
  std::vector<RunPlan> plans;
  std::set<std::string> names;
  const auto add = [&](const Settings& merged, const std::string& group) {
    for (const auto seed : seeds) {
      RunPlan plan;
      plan.group = group;
      plan.name = plain_name(group) + (seeds.size() > 1 ? fmt::format("-seed{}", seed) : "");
      plan.seed = static_cast<std::uint64_t>(seed);
      plan.model = model_settings(merged.table("model"));
      plan.train = read_train(merged.table("train"), plan.model);
      plan.optimizer = read_optimizer(merged.table("optimizer"), plan.learning_rate);
      plan.probes = probes;
      for (const auto& probe : probes) {
        const bool mixed =
            plan.model.has_batch_norm() && probe.statistics == Statistics::batch;
        if (!mixed || !probe.probe->needs_separate_samples()) continue;
        merged.table("model").fail(
            "batch_norm",
            fmt::format("the probe '{}' needs outputs that do not depend on the other samples of a "
                        "batch: \"none\" here or statistics = \"frozen\" there",
                        probe.name));
      }
      if (!names.insert(plan.name).second) {
        merged.fail("name", fmt::format("two runs are called '{}'", plan.name));
      }
      plans.push_back(std::move(plan));
    }
  };
  const auto runs = settings.tables("run");
  if (runs.empty()) add(settings, "run");
  for (std::size_t i = 0; i < runs.size(); ++i) {
    const auto group = runs[i].string("name", fmt::format("run{}", i));
    if (!is_plain_name(plain_name(group))) {
      runs[i].fail(
          "name",
          fmt::format(
              "found \"{}\", expected at most 100 letters, digits, spaces, '_', '-' and '.'",
              group));
    }
    add(settings.with(runs[i]), group);
  }
  return plans;
}

std::vector<SlicePlan> read_slice_plans(const Settings& settings,
                                        const std::vector<RunPlan>& runs) {
  std::vector<SlicePlan> plans;
  for (const auto& table : settings.tables("slice")) {
    SlicePlan slice;
    const auto between = table.strings("between", {});
    if (between.size() != 2) {
      table.fail("between", fmt::format("found {} names, expected two runs or groups of runs",
                                        between.size()));
    }
    slice.points = table.integer_at_least("points", 2, slice.points);
    slice.low = table.number("low", slice.low);
    slice.high = table.number("high", slice.high);
    if (!(slice.low < slice.high)) table.fail("high", "expected a number above low");
    const auto base = table.string("name", "line");
    if (!is_plain_name(base))
      table.fail("name", fmt::format("found \"{}\", expected a plain name", base));
    std::size_t found = 0;
    for (const auto& from : runs) {
      for (const auto& to : runs) {
        const bool by_group =
            from.group == between[0] && to.group == between[1] && from.seed == to.seed;
        const bool by_name = from.name == between[0] && to.name == between[1];
        if (!by_group && !by_name) continue;
        slice.from = from.name;
        slice.to = to.name;
        slice.name = base + (by_group && !by_name ? fmt::format("-seed{}", from.seed) : "");
        plans.push_back(slice);
        ++found;
      }
    }
    if (found == 0) {
      std::string known;
      for (const auto& run : runs) {
        if (known.find("\"" + run.group + "\"") == std::string::npos)
          known += " \"" + run.group + "\"";
      }
      table.fail("between", fmt::format(R"(found "{}" and "{}", expected runs or groups of:{})",
                                        between[0], between[1], known));
    }
  }
  return plans;
}

}  // namespace thalweg
