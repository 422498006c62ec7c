#include "runs/probe_cadence.hpp"

#include <fmt/format.h>

#include <set>
#include <utility>

namespace thalweg {

namespace {

/// On which samples of a data set it measures, and how.
void read_samples(const Settings& table, const std::string& type, ProbeSpec& plan) {
  // A kernel is samples × samples: never of a whole training set unasked.
  const bool is_kernel = type == "kernel_drift";
  constexpr std::int64_t kernel_samples = 128;
  plan.samples =
      table.integer_at_least("samples", is_kernel ? 1 : 0, is_kernel ? kernel_samples : 0);
  if (table.choice("data", {"train", "test"}, "train") == "test") plan.half = Half::test;
  plan.statistics = table.choice("statistics", {"batch", "frozen"}, "batch") == "frozen"
                        ? Statistics::frozen
                        : Statistics::batch;
  if (plan.half == Half::test && plan.probe->is_about_training()) {
    table.fail("data",
               fmt::format(R"(found "test", but {} is about training, expected "train")", type));
  }
}

}  // namespace

std::vector<ProbeSpec> read_probe_specs(const Settings& settings, DrawSeeds seeds,
                                        ProbeSubject subject) {
  std::vector<ProbeSpec> plans;
  std::set<std::string> names;
  for (const auto& table : settings.tables("probe")) {
    ProbeSpec plan;
    const NamedProbe named = read_named_probe(table, seeds, subject, names);
    plan.name = named.name;
    plan.probe = named.probe;
    plan.draw_seed = named.draw_seed;
    plan.every_epochs = table.integer_at_least("every_epochs", 0, 0);
    plan.every_steps = table.integer_at_least("every_steps", 0, 0);
    if (subject == ProbeSubject::network) read_samples(table, named.type, plan);
    plans.push_back(std::move(plan));
  }
  return plans;
}

}  // namespace thalweg
