#include "studies/completion/completion_study.hpp"

#include <fmt/format.h>

#include <cstdio>
#include <filesystem>

#include "records/checkpoint.hpp"
#include "records/schema.hpp"
#include "runs/beginning.hpp"
#include "runs/deal_out.hpp"
#include "studies/completion/completion_cost.hpp"
#include "studies/completion/completion_recorder.hpp"
#include "studies/completion/completion_run.hpp"
#include "studies/completion/completion_summary.hpp"

namespace thalweg {

namespace {

RunOutcome make_run(const Communicator& team, const CompletionSpec& plan, const CompletionRun& run,
                    const CompletionProblems& problems, const StudyContext& context,
                    const Log& log) {
  const CompletionProblem problem = problems.of(run.instance, run.observed);
  const RunFiles files = files_of(context.output_folder, run.name);
  return run_completion({team, plan, plan.methods[run.method], run, problem, files, context, log});
}

void finish_study(const CompletionSpec& plan, const std::vector<CompletionRun>& runs,
                  const StudyHeader& header, const std::string& resolved, std::int64_t team_size,
                  const StudyContext& context) {
  const std::string& folder = context.output_folder;
  Record study;
  study.attributes["team_size"] = team_size;
  add_study_attributes(study, header, context, resolved);
  std::vector<Record> records;
  std::int64_t diverged = 0;
  for (const auto& run : runs) {
    records.push_back(read_record(files_of(folder, run.name).record));
    diverged += std::get<std::string>(records.back().attributes.at("status")) == kDiverged;
    remove_checkpoint(files_of(folder, run.name).checkpoint);
  }
  summarise_completion(study, plan, runs, records);
  write_record(folder + "/study.h5", study);
  std::error_code ignored;
  std::filesystem::remove(folder + "/checkpoints", ignored);
  fmt::print("{}\n{} runs done, {} diverged; record: {}/study.h5\n", completion_table(study),
             runs.size(), diverged, folder);
  std::fflush(stdout);
}

/// The ratings are those of the study's beginning; every other matrix is told by the configuration.
void hold_ratings(const CompletionSpec& plan, const CompletionProblems& problems,
                  const std::vector<CompletionRun>& runs, const StudyContext& context) {
  if (plan.matrix.source != MatrixSource::ratings) return;
  BegunFacts facts;
  for (const auto& run : runs) {
    facts[fmt::format("[matrix] path = {} (instance {})", plan.matrix.ratings.path, run.instance)] =
        "ratings of checksum " + hexadecimal(problems.of(run.instance, run.observed).hash);
  }
  hold_to_beginning(context, facts);
}

ExitCode run_completions(const CompletionSpec& plan, const StudyHeader& header,
                         const std::string& resolved, const StudyContext& context) {
  const Communicator& world = context.world;
  const auto runs = completion_runs(plan);
  const Teams teams(world, header.team_size, runs.size());
  const Communicator& team = teams.mine();
  const CompletionProblems problems(world, plan);
  hold_ratings(plan, problems, runs, context);
  const CompletionProblem first = problems.of(runs.front().instance, runs.front().observed);
  collectively(world, [&] { check_probes(plan, first, context.study_file); });
  if (world.is_root()) {
    context.log.info(fmt::format("{}; {} runs in {} teams of {} ranks", first.description,
                                 runs.size(), teams.count(), team.size()));
  }
  const Log log(team.is_root(), context.log.terminal() && world.is_root());
  std::vector<DealtRun> dealt_runs;
  dealt_runs.reserve(runs.size());
  for (const auto& run : runs) {
    dealt_runs.push_back({run.name, completion_cost(plan, plan.methods[run.method], first),
                          [&] { return make_run(team, plan, run, problems, context, log); }});
  }
  const Dealt dealt = deal_out(teams, context.output_folder, dealt_runs, log);
  if (const auto code = ended_early(context, dealt, runs.size())) return *code;
  collectively(world, [&] {
    if (world.is_root()) finish_study(plan, runs, header, resolved, teams.team_size(), context);
  });
  return ExitCode::done;
}

}  // namespace

StudyBody prepare_completion_study(const Settings& settings, const StudyHeader& header,
                                   StudyContext& context) {
  const CompletionSpec plan = read_completion(settings, header, context.world.size());
  // The same probes of every instance; only their draws differ.
  const auto probes =
      plan.probes.empty() ? std::vector<FactorProbeSpec>{} : plan.probes.begin()->second;
  for (const auto& probe : probes) {
    context.probe_forecast.push_back(fmt::format(
        "{} of every factorization: {}at the end", probe.named.name,
        probe.every_points == 0
            ? std::string("once, ")
            : fmt::format("at every {} points of its trajectory, from the first on, and ",
                          probe.every_points)));
  }
  return [=, &context](StudyStart /*start*/) {
    return run_completions(plan, header, recorded_configuration(settings), context);
  };
}

}  // namespace thalweg
