#include "studies/width/width_settings.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "data/data_settings.hpp"
#include "runs/train_settings.hpp"

namespace thalweg {

namespace {

std::vector<std::int64_t> sorted_steps(const Settings& train, std::vector<std::int64_t> steps) {
  for (std::size_t i = 1; i < steps.size(); ++i) {
    if (steps[i] > steps[i - 1]) continue;
    train.fail("steps", fmt::format("found {} at place {}, expected numbers of steps, ascending",
                                    steps[i], i + 1));
  }
  if (steps.empty() || steps.back() == 0) train.fail("steps", "expected at least one step");
  if (steps.front() != 0) steps.insert(steps.begin(), 0);
  return steps;
}

/// A list of distinct numbers of at least `least`.
std::vector<std::int64_t> distinct(const Settings& table, const char* key, std::int64_t least,
                                   const std::vector<std::int64_t>& fallback) {
  auto values = table.integers(key, fallback);
  auto sorted = values;
  std::sort(sorted.begin(), sorted.end());
  if (values.empty()) table.fail(key, "expected at least one number");
  if (sorted.front() < least) {
    table.fail(key, fmt::format("found {}, expected at least {}", sorted.front(), least));
  }
  const auto twice = std::adjacent_find(sorted.begin(), sorted.end());
  if (twice != sorted.end()) table.fail(key, fmt::format("{} stands there twice", *twice));
  return values;
}

WidthSpec read_plan(const Settings& settings, std::int64_t study_seed) {
  WidthSpec plan;
  const Settings model = settings.table("model");
  static_cast<void>(model.choice("type", {"mlp"}, "mlp"));
  static_cast<void>(model.choice("parametrization", {"ntk"}, "ntk"));
  plan.model.batch_norm = BatchNormKind::none;
  plan.model.parametrization = Parametrization::ntk;
  plan.model.weight_std = model.positive("weight_std", plan.model.weight_std);
  plan.model.bias_std = model.number_at_least("bias_std", 0.0, 0.0);
  plan.depth = model.integer_at_least("depth", 1, plan.depth);
  const Settings sweep = settings.table("sweep");
  plan.widths = distinct(sweep, "widths", 1, {64, 128, 256, 512, 1024});
  plan.seeds = distinct(sweep, "seeds", 0, {study_seed, study_seed + 1, study_seed + 2});
  const Settings train = settings.table("train");
  const Values values(train, width_train_keys());
  plan.steps = sorted_steps(train, values.integers("steps"));
  plan.relative_rate = values.number("relative_rate");
  plan.checkpoint_every_s = values.number("checkpoint_every_s");
  return plan;
}

}  // namespace

const std::vector<Key>& width_train_keys() {
  static const std::vector<Key> keys{{"steps",
                                      std::vector<std::int64_t>{0, 1, 2, 4, 8, 16, 32, 64, 128},
                                      {.least = 0.0},
                                      "after which the outputs are compared, ascending"},
                                     {"relative_rate",
                                      WidthSpec().relative_rate,
                                      {.above = 0.0, .below = 1.0},
                                      "of the largest stable rate of the infinitely wide net"},
                                     {"checkpoint_every_s",
                                      WidthSpec().checkpoint_every_s,
                                      {.above = 0.0},
                                      "seconds between two checkpoints of a run"}};
  return keys;
}

WidthStudySpec read_width_study(const Settings& settings, const StudyHeader& header, int ranks) {
  check_team_size(settings, header, ranks);
  const Settings data_table = settings.table("data");
  WidthStudySpec study;
  study.data = data_options(data_table, static_cast<std::uint64_t>(header.seed));
  if (study.data.placement == Placement::sharded) {
    data_table.fail("placement", "a width study needs \"node\": every rank reads all samples");
  }
  study.plan = read_plan(settings, header.seed);
  if (study.plan.widths.size() < 2 || study.plan.widths.size() * study.plan.seeds.size() < 3) {
    settings.table("sweep").fail(
        "widths", "an exponent needs at least two widths and, with the seeds, three runs");
  }
  study.wide = is_wide(settings.table("train"));
  return study;
}

std::vector<WidthRun> width_runs(const WidthSpec& plan) {
  std::vector<WidthRun> runs;
  for (const auto width : plan.widths) {
    for (const auto seed : plan.seeds) {
      runs.push_back(
          {fmt::format("width{}-seed{}", width, seed), width, static_cast<std::uint64_t>(seed)});
    }
  }
  return runs;
}

std::vector<double> width_costs(const std::vector<WidthRun>& runs, const WidthSpec& plan,
                                std::int64_t features) {
  std::vector<double> costs;
  for (const auto& run : runs) {
    const auto width = static_cast<double>(run.width);
    constexpr double tax = 1e6;
    costs.push_back(
        width * (static_cast<double>(features) + static_cast<double>(plan.depth - 1) * width) +
        tax);
  }
  return costs;
}

template <class Real>
void require_few_pairs(const DataSplit<Real>& train, const std::string& study_file) {
  constexpr std::int64_t most = 8192;
  const std::int64_t pairs = train.size() * train.classes();
  if (pairs <= most) return;
  throw ConfigurationError(
      fmt::format("{}: [data] train: {} samples of {} classes make a kernel of order {} for the "
                  "linearised nets; expected at most {}",
                  study_file, train.size(), train.classes(), pairs, most));
}

template void require_few_pairs(const DataSplit<float>&, const std::string&);
template void require_few_pairs(const DataSplit<double>&, const std::string&);

}  // namespace thalweg
