#include "studies/width_study.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <filesystem>

#include "data/data_set.hpp"
#include "records/checkpoint.hpp"
#include "records/record.hpp"
#include "records/schema.hpp"
#include "studies/data_settings.hpp"
#include "studies/deal_out.hpp"
#include "studies/width_run.hpp"
#include "studies/width_summary.hpp"

namespace thalweg {

namespace {

/// Pairs of training sample and output: the order of the matrix that is decomposed on one rank.
constexpr std::int64_t kMostPairs = 8192;

std::vector<std::int64_t> sorted_steps(const Settings& train) {
  auto steps = train.integers("steps", {0, 1, 2, 4, 8, 16, 32, 64, 128});
  for (std::size_t i = 0; i < steps.size(); ++i) {
    if (steps[i] < 0 || (i > 0 && steps[i] <= steps[i - 1])) {
      train.fail("steps", fmt::format("found {} at place {}, expected numbers of steps, ascending",
                                      steps[i], i + 1));
    }
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

WidthPlan read_plan(const Settings& settings, std::int64_t study_seed) {
  WidthPlan plan;
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
  plan.steps = sorted_steps(train);
  plan.relative_rate = train.positive("relative_rate", plan.relative_rate);
  if (plan.relative_rate >= 1.0) {
    train.fail("relative_rate", fmt::format("found {}, expected a share of the largest stable "
                                            "rate, below 1",
                                            plan.relative_rate));
  }
  plan.checkpoint_every_s = train.positive("checkpoint_every_s", plan.checkpoint_every_s);
  return plan;
}

std::vector<WidthRun> runs_of(const WidthPlan& plan) {
  std::vector<WidthRun> runs;
  for (const auto width : plan.widths) {
    for (const auto seed : plan.seeds) {
      runs.push_back(
          {fmt::format("width{}-seed{}", width, seed), width, static_cast<std::uint64_t>(seed)});
    }
  }
  return runs;
}

/// Parameters, and a tax for what a net of any width costs.
std::vector<double> costs_of(const std::vector<WidthRun>& runs, const WidthPlan& plan,
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

Record study_record(const StudyContext& context, const StudyHeader& header,
                    const std::string& resolved, std::int64_t team_size, const WidthPlan& plan,
                    const WidthLimit& limit) {
  Record study;
  study.attributes["team_size"] = team_size;
  add_study_attributes(study, header, context, resolved);
  study.scalar("/limit/largest_eigenvalue", limit.largest_eigenvalue, "1",
               "of the infinitely wide kernel of the training samples");
  study.scalar("/limit/learning_rate", limit.learning_rate, "1", "of every step of every run");
  study.scalar("/limit/relative_rate", plan.relative_rate, "1",
               "learning rate over the largest stable one, 2 n / largest_eigenvalue");
  return study;
}

template <class Real>
ExitCode run_widths(const WidthPlan& plan, const DataOptions& options, const StudyHeader& header,
                    const std::string& resolved, const StudyContext& context) {
  const Communicator& world = context.world;
  const auto runs = runs_of(plan);
  const Teams teams(world, header.team_size, runs.size());
  const Communicator& team = teams.mine();
  const auto data = load_data<Real>(options, world, team);
  collectively(world, [&] {
    const std::int64_t pairs = data.train.size() * data.train.classes();
    if (pairs <= kMostPairs) return;
    throw ConfigurationError(fmt::format(
        "{}: [data] train: {} samples of {} classes make a kernel of order {} for the "
        "linearised nets; expected at most {}",
        context.study_file, data.train.size(), data.train.classes(), pairs, kMostPairs));
  });
  const WidthLimit limit = width_limit(world, plan, data);
  if (world.is_root()) {
    context.log.info(fmt::format("{}; {} runs in {} teams of {} ranks, learning rate {:.4g}",
                                 data.description, runs.size(), teams.count(), team.size(),
                                 limit.learning_rate));
  }
  const Log log(team.is_root(), context.log.terminal() && world.is_root());
  const auto costs = costs_of(runs, plan, data.train.features());
  std::vector<DealtRun> dealt_runs;
  for (std::size_t i = 0; i < runs.size(); ++i) {
    dealt_runs.push_back({runs[i].name, costs[i], [&, i] {
                            return run_width(team, plan, runs[i], limit, data,
                                             files_of(context.output_folder, runs[i].name), context,
                                             log);
                          }});
  }
  const Dealt dealt = deal_out(teams, context.output_folder, dealt_runs, log);
  if (dealt.interrupted) {
    if (world.is_root())
      context.log.info("interrupted; checkpoints are written: run again with --resume");
    return ExitCode::checkpointed;
  }
  if (!dealt.failed.empty()) {
    if (world.is_root()) {
      fmt::print("{} runs done, {} failed; --resume makes what is missing\n",
                 runs.size() - dealt.failed.size(), dealt.failed.size());
      std::fflush(stdout);
    }
    return ExitCode::failed;
  }
  collectively(world, [&] {
    if (!world.is_root()) return;
    Record study = study_record(context, header, resolved, teams.team_size(), plan, limit);
    study.attributes["data"] = data.description;
    study.attributes["data_hash"] = fmt::format("{:016x}", data.hash);
    std::vector<std::string> names;
    std::vector<Record> records;
    std::int64_t diverged = 0;
    for (const auto& run : runs) {
      names.push_back(run.name);
      records.push_back(read_record(files_of(context.output_folder, run.name).record));
      diverged += std::get<std::string>(records.back().attributes.at("status")) == kDiverged;
      remove_checkpoint(files_of(context.output_folder, run.name).checkpoint);
    }
    summarise_widths(study, names, records);
    write_record(context.output_folder + "/study.h5", study);
    std::error_code ignored;
    std::filesystem::remove(context.output_folder + "/checkpoints", ignored);
    fmt::print("{}\n{} runs done, {} diverged; record: {}\n", width_table(study), names.size(),
               diverged, context.output_folder + "/study.h5");
    std::fflush(stdout);
  });
  return ExitCode::done;
}

}  // namespace

StudyBody prepare_width_study(const Settings& settings, const StudyHeader& header,
                              StudyContext& context) {
  if (header.team_size > context.world.size()) {
    settings.table("study").fail("team_size", fmt::format("found {}, but there are {} ranks",
                                                          header.team_size, context.world.size()));
  }
  const Settings data_table = settings.table("data");
  const DataOptions options = data_options(data_table, static_cast<std::uint64_t>(header.seed));
  if (options.placement == Placement::sharded) {
    data_table.fail("placement", "a width study needs \"node\": every rank reads all samples");
  }
  const WidthPlan plan = read_plan(settings, header.seed);
  if (plan.widths.size() < 2 || plan.widths.size() * plan.seeds.size() < 3) {
    settings.table("sweep").fail(
        "widths", "an exponent needs at least two widths and, with the seeds, three runs");
  }
  const bool wide =
      settings.table("train").choice("precision", {"float32", "float64"}, "float32") == "float64";
  return [=, &context](StudyStart /*start*/) {
    const std::string resolved = recorded_configuration(settings);
    return wide ? run_widths<double>(plan, options, header, resolved, context)
                : run_widths<float>(plan, options, header, resolved, context);
  };
}

}  // namespace thalweg
