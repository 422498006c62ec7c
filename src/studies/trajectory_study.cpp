#include "studies/trajectory_study.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <numeric>
#include <optional>

#include "data/data_set.hpp"
#include "parallel/interrupt.hpp"
#include "records/checkpoint.hpp"
#include "records/schema.hpp"
#include "studies/data_settings.hpp"
#include "studies/deal_out.hpp"
#include "studies/run_summary.hpp"
#include "studies/slice.hpp"
#include "studies/trajectory_run.hpp"

namespace thalweg {

namespace {

struct TrajectoryPlan {
  StudyHeader header;
  DataOptions data;
  std::vector<RunPlan> runs;
  std::vector<SlicePlan> slices;
  std::string resolved;
};

/// Samples seen plus a tax on every step.
std::vector<double> costs_of(const std::vector<RunPlan>& runs, std::int64_t samples) {
  constexpr double step_tax = 30.0;
  std::vector<double> costs;
  costs.reserve(runs.size());
  for (const auto& run : runs) {
    const double per_step = step_tax / static_cast<double>(run.train.batch);
    costs.push_back(static_cast<double>(run.train.epochs * samples) * (1.0 + per_step));
  }
  return costs;
}

template <class Real>
std::vector<Real> final_parameters(const Communicator& world, const StudyContext& context,
                                   const std::string& run) {
  std::vector<Real> parameters;
  collectively(world, [&] {
    if (!world.is_root()) return;
    const auto record = read_record(files_of(context.output_folder, run).record);
    parameters = std::get<std::vector<Real>>(record.arrays.at("/parameters/final").values);
  });
  auto size = static_cast<std::int64_t>(parameters.size());
  world.broadcast(std::span(&size, 1));
  parameters.resize(static_cast<std::size_t>(size));
  world.broadcast(std::span<Real>(parameters));
  return parameters;
}

std::string status_of(const Communicator& world, const StudyContext& context,
                      const std::string& run) {
  std::string status;
  collectively(world, [&] {
    if (!world.is_root()) return;
    status = std::get<std::string>(
        read_record(files_of(context.output_folder, run).record).attributes.at("status"));
  });
  return world.broadcast(status);
}

template <class Real>
ExitCode run_study_of(const TrajectoryPlan& plan, const StudyContext& context) {
  const Communicator& world = context.world;
  const std::int64_t team_size =
      plan.header.team_size > 0
          ? plan.header.team_size
          : std::max<std::int64_t>(1, world.size() / static_cast<std::int64_t>(plan.runs.size()));
  const std::int64_t teams = std::max<std::int64_t>(1, world.size() / team_size);
  // Ranks left over by the division join the last team: a team's size never changes its results.
  const std::int64_t team_index = std::min<std::int64_t>(world.rank() / team_size, teams - 1);
  const auto team = world.split(static_cast<int>(team_index));
  const auto data = load_data<Real>(plan.data, world, team);
  collectively(world, [&] {
    for (const auto& run : plan.runs) {
      const std::int64_t dimension = parameter_count<Real>(run, data);
      for (const auto& probe : run.probes) {
        probe.probe->check(dimension);
        if (probe.samples > data.train.size()) {
          throw ConfigurationError(
              fmt::format("probe '{}': samples is {}, but the training set has {}", probe.name,
                          probe.samples, data.train.size()));
        }
      }
    }
  });
  if (world.is_root()) {
    context.log.info(fmt::format("{}; {} runs in {} teams of {} ranks", data.description,
                                 plan.runs.size(), teams, team.size()));
  }
  const auto dealt = deal_out(costs_of(plan.runs, data.train.size()), teams);
  const Log log(team.is_root(), context.log.terminal() && world.is_root());
  bool interrupted = false;
  for (const auto index : dealt[static_cast<std::size_t>(team_index)]) {
    const RunPlan& run = plan.runs[index];
    const RunFiles files = files_of(context.output_folder, run.name);
    const bool done = team.any(team.is_root() && is_finished(files.record, log));
    if (done) continue;
    if (run_trajectory(team, run, data, files, context, log) == RunOutcome::interrupted) {
      interrupted = true;
      break;
    }
  }
  if (world.any(interrupted)) {
    if (world.is_root())
      context.log.info("interrupted; checkpoints are written: run again with --resume");
    return ExitCode::checkpointed;
  }

  std::vector<Slice> slices;
  for (const auto& slice : plan.slices) {
    if (status_of(world, context, slice.from) == kDiverged ||
        status_of(world, context, slice.to) == kDiverged) {
      if (world.is_root())
        context.log.warn(fmt::format("slice {}: left out, one of its runs diverged", slice.name));
      continue;
    }
    if (world.is_root())
      context.log.info(fmt::format("slice {} from {} to {}", slice.name, slice.from, slice.to));
    const auto from = final_parameters<Real>(world, context, slice.from);
    const auto to = final_parameters<Real>(world, context, slice.to);
    const auto run =
        std::find_if(plan.runs.begin(), plan.runs.end(),
                     [&](const RunPlan& candidate) { return candidate.name == slice.from; });
    if (from.size() != to.size()) {
      collectively(world, [&] {
        throw ConfigurationError(
            fmt::format("slice {}: runs {} and {} have networks of different sizes", slice.name,
                        slice.from, slice.to));
      });
    }
    slices.push_back(
        slice_between<Real>(world, team, team_index, teams, slice, *run, data, from, to));
    const bool late = context.started.elapsed_s() > context.time_limit_s;
    if (world.any(late || Interrupt::requested())) return ExitCode::checkpointed;
  }

  collectively(world, [&] {
    if (!world.is_root()) return;
    Record study;
    study.attributes["team_size"] = team_size;
    add_study_attributes(study, plan.header, context, plan.resolved);
    study.attributes["data"] = data.description;
    study.attributes["data_hash"] = fmt::format("{:016x}", data.hash);
    std::vector<std::string> names;
    std::vector<Record> runs;
    std::int64_t diverged = 0;
    for (const auto& run : plan.runs) {
      names.push_back(run.name);
      runs.push_back(read_record(files_of(context.output_folder, run.name).record));
      diverged += std::get<std::string>(runs.back().attributes.at("status")) == kDiverged ? 1 : 0;
      runs.back().arrays.erase("/parameters/final");
      remove_checkpoint(files_of(context.output_folder, run.name).checkpoint);
    }
    summarise_runs(study, names, runs);
    for (const auto& slice : slices) slice.write_to(study);
    write_record(context.output_folder + "/study.h5", study);
    std::error_code ignored;
    std::filesystem::remove(context.output_folder + "/checkpoints", ignored);
    fmt::print("{}\n{} runs done, {} diverged; record: {}\n", summary_table(study), names.size(),
               diverged, context.output_folder + "/study.h5");
    std::fflush(stdout);
  });
  return ExitCode::done;
}

}  // namespace

StudyBody prepare_trajectory_study(const Settings& settings, const StudyHeader& header,
                                   StudyContext& context) {
  TrajectoryPlan plan;
  plan.header = header;
  if (header.team_size > context.world.size()) {
    settings.table("study").fail("team_size", fmt::format("found {}, but there are {} ranks",
                                                          header.team_size, context.world.size()));
  }
  plan.data = data_options(settings.table("data"), static_cast<std::uint64_t>(header.seed));
  plan.runs = read_run_plans(settings, static_cast<std::uint64_t>(header.seed));
  plan.slices = read_slice_plans(settings, plan.runs);
  const bool wide =
      settings.table("train").choice("precision", {"float32", "float64"}, "float32") == "float64";
  for (const auto& run : settings.tables("run")) {
    if (run.table("train").has("precision")) {
      run.table("train").fail(
          "precision", "belongs to the whole study, under [train]: its runs share one data set");
    }
  }
  return [settings, plan, wide, &context](StudyStart /*start*/) mutable {
    plan.resolved = recorded_configuration(settings);
    return wide ? run_study_of<double>(plan, context) : run_study_of<float>(plan, context);
  };
}

}  // namespace thalweg
