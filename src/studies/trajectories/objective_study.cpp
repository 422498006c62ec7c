#include "studies/trajectories/objective_study.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <cstdio>
#include <filesystem>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "records/record.hpp"
#include "runs/deal_out.hpp"
#include "runs/run_files.hpp"
#include "runs/trajectory_run.hpp"
#include "studies/trajectories/probe_forecast.hpp"
#include "studies/trajectories/run_summary.hpp"
#include "studies/trajectories/summary_table.hpp"

namespace thalweg {

namespace {

/// Holds every run against its objective. Returns what runs are dealt out by: numbers that its
/// steps touch. Local. Throws ConfigurationError.
std::vector<double> checked_costs(const std::vector<RunSpec>& runs) {
  std::vector<double> costs;
  for (const auto& run : runs) {
    const ObjectiveShape shape = run.objective->shape();
    const Schedule schedule = schedule_of(run, shape.epoch_samples());
    for (const auto& probe : run.probes) {
      try {
        probe.probe->check(shape.blocks(), shape.samples);
      } catch (const ConfigurationError& error) {
        throw ConfigurationError(
            fmt::format("run {}: [[probe]] '{}': {}", run.name, probe.name, error.what()));
      }
    }
    costs.push_back(static_cast<double>(schedule.steps()) * static_cast<double>(shape.dimension) *
                    static_cast<double>(schedule.at(0).batch));
  }
  return costs;
}

/// The names of what the runs train, each once.
std::string objectives_of(const std::vector<RunSpec>& runs) {
  std::set<std::string> names;
  for (const auto& run : runs) names.insert(run.objective->kind->name);
  return fmt::format("{}", fmt::join(names, ", "));
}

void seal(const std::vector<RunSpec>& runs, const StudyHeader& header, const std::string& resolved,
          std::int64_t team_size, const StudyContext& context) {
  Record study;
  study.attributes["team_size"] = team_size;
  add_study_attributes(study, header, context, resolved);
  const RunRecords taken = take_run_records(context.output_folder, runs);
  summarise_runs(study, taken.names, taken.records);
  const std::string file = context.output_folder + "/study.h5";
  write_record(file, study);
  std::error_code ignored;
  std::filesystem::remove(context.output_folder + "/checkpoints", ignored);
  fmt::print("{}\n{} runs done, {} diverged; record: {}\n", summary_table(study, context.columns),
             taken.names.size(), taken.diverged, file);
  std::fflush(stdout);
}

ExitCode run_objectives(const std::vector<RunSpec>& runs, const std::vector<double>& costs,
                        const StudyHeader& header, const std::string& resolved,
                        const StudyContext& context) {
  const Communicator& world = context.world;
  const Teams teams(world, header.team_size, runs.size());
  const Log log(teams.mine().is_root(), context.log.terminal() && world.is_root());
  if (world.is_root()) {
    context.log.info(fmt::format("{}; {} runs in {} teams of {} ranks", objectives_of(runs),
                                 runs.size(), teams.count(), teams.mine().size()));
  }
  std::vector<DealtRun> dealt_runs;
  for (std::size_t i = 0; i < runs.size(); ++i) {
    dealt_runs.push_back({runs[i].name, costs[i], [&, i] {
                            return run_trajectory(teams.mine(), runs[i],
                                                  files_of(context.output_folder, runs[i].name),
                                                  context, log);
                          }});
  }
  const Dealt dealt = deal_out(teams, context.output_folder, dealt_runs, log);
  if (const auto code = ended_early(context, dealt, runs.size())) return *code;
  collectively(world, [&] {
    if (world.is_root()) seal(runs, header, resolved, teams.team_size(), context);
  });
  return ExitCode::done;
}

}  // namespace

StudyBody prepare_objective_study(const Settings& settings, const StudyHeader& header,
                                  StudyContext& context) {
  check_team_size(settings, header, context.world.size());
  const auto runs = read_run_specs(settings, static_cast<std::uint64_t>(header.seed));
  const auto costs = checked_costs(runs);
  context.probe_forecast = probe_forecast(runs, std::nullopt);
  return [=, &context](StudyStart /*start*/) {
    return run_objectives(runs, costs, header, recorded_configuration(settings), context);
  };
}

}  // namespace thalweg
