#include "runs/run_settings.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "models/model_settings.hpp"
#include "optimizers/optimizer_settings.hpp"
#include "settings/plain_name.hpp"

namespace thalweg {

bool mixes_what_it_needs_separate(const RunSpec& run, const ProbeSpec& probe) {
  return run.model.has_batch_norm() && probe.statistics == Statistics::batch &&
         probe.probe->needs_separate_samples();
}

namespace {

std::string plain_name(const std::string& text) {
  std::string name = text;
  std::replace(name.begin(), name.end(), ' ', '_');
  return name;
}

std::vector<std::int64_t> read_seeds(const Settings& sweep, std::uint64_t study_seed) {
  auto seeds = sweep.integers("seeds", {static_cast<std::int64_t>(study_seed)});
  if (seeds.empty()) sweep.fail("seeds", "expected at least one seed");
  for (const auto seed : seeds) {
    if (seed < 0) sweep.fail("seeds", fmt::format("found {}, expected seeds of at least 0", seed));
    if (std::count(seeds.begin(), seeds.end(), seed) > 1) {
      sweep.fail("seeds", fmt::format("{} stands there twice", seed));
    }
  }
  return seeds;
}

/// A run that sets what is swept over would be overruled in silence.
void refuse_swept(const Settings& run, const std::string& key) {
  Settings at = run;
  std::string rest = key;
  for (auto dot = rest.find('.'); dot != std::string::npos; dot = rest.find('.')) {
    if (!at.has(rest.substr(0, dot))) return;
    at = at.table(rest.substr(0, dot));
    rest = rest.substr(dot + 1);
  }
  if (at.has(rest)) at.fail(rest, "is swept over by [sweep] too; leave one out");
}

/// One combination of a run and the values swept over.
struct SweptRun {
  Settings settings;
  std::string group;
  std::string family;
  std::map<std::string, std::string> swept;
};

std::vector<SweptRun> products(const SweptRun& run, const std::vector<Settings::Axis>& axes) {
  std::vector<SweptRun> all{run};
  for (const auto& axis : axes) {
    std::vector<SweptRun> longer;
    for (const auto& before : all) {
      for (std::size_t i = 0; i < axis.points.size(); ++i) {
        const std::string suffix =
            fmt::format("-{}{}", axis.key.substr(axis.key.rfind('.') + 1), axis.texts[i]);
        const bool is_batch = axis.key == "train.batch";
        longer.push_back({before.settings.with(axis.points[i]), before.group + suffix,
                          before.family + (is_batch ? "" : suffix), before.swept});
        longer.back().swept[axis.key] = axis.texts[i];
      }
    }
    all = std::move(longer);
  }
  return all;
}

/// A key that a run does not use would make that run again under another name. One that none uses
/// is unknown, which is said elsewhere.
void refuse_idle_axes(const std::vector<Settings::Axis>& axes, const std::vector<SweptRun>& runs) {
  for (const auto& axis : axes) {
    const auto uses = [&](const SweptRun& run) { return run.settings.was_asked(axis.key); };
    const auto idle = std::find_if_not(runs.begin(), runs.end(), uses);
    if (idle == runs.end() || std::none_of(runs.begin(), runs.end(), uses)) continue;
    Settings at = axis.points.front();
    std::string key = axis.key;
    for (auto dot = key.find('.'); dot != std::string::npos; dot = key.find('.')) {
      at = at.table(key.substr(0, dot));
      key = key.substr(dot + 1);
    }
    at.fail(key, fmt::format("is swept over, but the run '{}' has no use for it; write as [[run]] "
                             "what has",
                             idle->group));
  }
}

void check_probe_statistics(const RunSpec& plan, const Settings& model) {
  for (const auto& probe : plan.probes) {
    if (!mixes_what_it_needs_separate(plan, probe)) continue;
    model.fail("batch_norm",
               fmt::format("the probe '{}' needs outputs that do not depend on the other samples "
                           "of a batch: \"none\" here or statistics = \"frozen\" there",
                           probe.name));
  }
}

RunSpec read_run(const SweptRun& run, const std::vector<ProbeSpec>& probes) {
  RunSpec plan;
  plan.group = run.group;
  plan.plain_group = plain_name(run.group);
  plan.family = run.family;
  plan.swept = run.swept;
  if (run.settings.has("objective")) {
    plan.objective = read_objective(run.settings.table("objective"));
    plan.train = objective_train_settings(run.settings.table("train"));
  } else {
    plan.model = model_settings(run.settings.table("model"));
    plan.train = train_settings(run.settings.table("train"), plan.model.has_batch_norm(),
                                plan.model.ghost_size);
  }
  plan.optimizer = optimizer_settings(run.settings.table("optimizer"), plan.learning_rate);
  plan.schedule =
      schedule_settings(run.settings.table("schedule"), plan.model.has_batch_norm() ? 2 : 1);
  plan.probes = probes;
  if (!plan.objective) check_probe_statistics(plan, run.settings.table("model"));
  return plan;
}

/// [[run]] tables by name; a study without any is a single run.
std::vector<SweptRun> named_runs(const Settings& settings,
                                 const std::vector<Settings::Axis>& axes) {
  std::vector<SweptRun> named;
  const auto runs = settings.tables("run");
  if (runs.empty()) named.push_back({settings, "run", "run", {{"run", "run"}}});
  for (std::size_t i = 0; i < runs.size(); ++i) {
    const auto group = runs[i].string("name", fmt::format("run{}", i));
    if (!is_plain_name(plain_name(group))) {
      runs[i].fail(
          "name",
          fmt::format(
              "found \"{}\", expected at most 100 letters, digits, spaces, '_', '-' and '.'",
              group));
    }
    for (const auto& axis : axes) refuse_swept(runs[i], axis.key);
    named.push_back({settings.with(runs[i]), group, group, {{"run", group}}});
  }
  return named;
}

}  // namespace

Schedule schedule_of(const RunSpec& plan, std::int64_t samples) {
  return {plan.schedule,       plan.learning_rate,
          plan.train.batch,    samples - held_out(plan.train.validation, samples),
          plan.train.epochs,   plan.train.steps,
          plan.train.drop_last};
}

const RunSpec& run_named(const std::vector<RunSpec>& runs, const std::string& name) {
  return *std::find_if(runs.begin(), runs.end(),
                       [&](const RunSpec& candidate) { return candidate.name == name; });
}

std::vector<RunSpec> read_run_specs(const Settings& settings, std::uint64_t study_seed) {
  const Settings sweep = settings.table("sweep");
  const auto seeds = read_seeds(sweep, study_seed);
  const auto axes = sweep.axes({"seeds"});
  std::map<std::int64_t, std::vector<ProbeSpec>> probes;
  for (const auto seed : seeds) {
    probes[seed] = read_probe_specs(
        settings, {study_seed, static_cast<std::uint64_t>(seed)},
        settings.has("objective") ? ProbeSubject::objective : ProbeSubject::network);
  }
  std::vector<RunSpec> plans;
  std::set<std::string> names;
  std::vector<SweptRun> read;
  for (const auto& named : named_runs(settings, axes)) {
    for (const auto& run : products(named, axes)) {
      RunSpec plan = read_run(run, probes.at(seeds.front()));
      read.push_back(run);
      for (const auto seed : seeds) {
        plan.name = plan.plain_group + (seeds.size() > 1 ? fmt::format("-seed{}", seed) : "");
        plan.seed = static_cast<std::uint64_t>(seed);
        plan.probes = probes.at(seed);
        plan.swept["seeds"] = fmt::format("{}", seed);
        if (!is_plain_name(plan.name)) {
          sweep.fail(axes.empty() ? "seeds" : axes.back().key,
                     fmt::format("makes a run's name '{}', expected at most 100 letters, digits, "
                                 "'_', '-' and '.'",
                                 plan.name));
        }
        if (!names.insert(plan.name).second) {
          run.settings.fail("name", fmt::format("two runs are called '{}'", plan.name));
        }
        plans.push_back(plan);
      }
    }
  }
  refuse_idle_axes(axes, read);
  return plans;
}

}  // namespace thalweg
