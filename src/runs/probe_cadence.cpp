#include "runs/probe_cadence.hpp"

#include <fmt/format.h>

#include <set>
#include <utility>

namespace thalweg {

namespace {

/// On which samples of a data set it measures, and how.
void read_samples(const Settings& table, const std::string& type, ProbeSpec& plan) {
  const Values values(table, sample_keys(type));
  plan.samples = values.integer("samples");
  if (values.string("data") == "test") plan.half = Half::test;
  plan.statistics =
      values.string("statistics") == "frozen" ? Statistics::frozen : Statistics::batch;
  if (plan.half == Half::test && plan.probe->is_about_training()) {
    table.fail("data",
               fmt::format(R"(found "test", but {} is about training, expected "train")", type));
  }
}

}  // namespace

const std::vector<Key>& cadence_keys() {
  static const std::vector<Key> keys{
      {"every_epochs",
       std::int64_t{0},
       {.least = 0.0},
       "when it measures besides the end; 0: the end alone"},
      {"every_steps", std::int64_t{0}, {.least = 0.0}, "and so; both count from the start on"}};
  return keys;
}

std::vector<Key> sample_keys(const std::string& type) {
  Key samples{"samples", std::int64_t{0}, {.least = 0.0}, "the first of them; 0: all"};
  // A kernel is samples × samples: never of a whole training set unasked.
  if (type == "kernel_drift") samples = {"samples", std::int64_t{128}, {.least = 1.0}, "the first"};
  return {{"data", std::string("train"), {.words = {"train", "test"}}, "whose samples"},
          samples,
          {"statistics",
           std::string("batch"),
           {.words = {"batch", "frozen"}},
           "of batch norm: of the samples measured on, or the running averages"}};
}

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
    const Values cadence(table, cadence_keys());
    plan.every_epochs = cadence.integer("every_epochs");
    plan.every_steps = cadence.integer("every_steps");
    if (subject == ProbeSubject::network) read_samples(table, named.type, plan);
    plans.push_back(std::move(plan));
  }
  return plans;
}

}  // namespace thalweg
