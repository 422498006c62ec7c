#include "studies/completion_study.hpp"

#include <fmt/format.h>

#include <cstdio>
#include <filesystem>
#include <optional>

#include "records/checkpoint.hpp"
#include "records/schema.hpp"
#include "studies/completion_cost.hpp"
#include "studies/completion_recorder.hpp"
#include "studies/completion_summary.hpp"
#include "studies/deal_out.hpp"

namespace thalweg {

namespace {

RunOutcome make_run(const Communicator& team, const CompletionPlan& plan, const CompletionRun& run,
                    const CompletionProblems& problems, const StudyContext& context,
                    const Log& log) {
  const CompletionProblem problem = problems.of(run.instance, run.observed);
  const RunFiles files = files_of(context.output_folder, run.name);
  return run_completion({team, plan, plan.methods[run.method], run, problem, files, context, log});
}

void finish_study(const CompletionPlan& plan, const std::vector<CompletionRun>& runs,
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

/// Throws ConfigurationError where a run of the folder was made, or begun, with other ratings than
/// the file has now: a study is of one set of data. Local.
void require_same_data(const CompletionPlan& plan, const std::vector<CompletionRun>& runs,
                       const CompletionProblems& problems, const StudyContext& context) {
  if (plan.matrix.source != MatrixSource::ratings || !context.resume) return;
  const Log silent = Log::silent();
  for (const auto& run : runs) {
    const RunFiles files = files_of(context.output_folder, run.name);
    std::optional<Record> found;
    try {
      if (std::filesystem::exists(files.record)) found = read_record(files.record);
      if (!found) found = resume_checkpoint(files.checkpoint, silent);
    } catch (const Error&) {
      continue;  // damaged: the run is made again
    }
    if (!found) continue;
    const auto then = found->attributes.find("data_hash");
    const auto now = fmt::format("{:016x}", problems.of(run.instance, run.observed).hash);
    if (then != found->attributes.end() && std::get<std::string>(then->second) != now) {
      throw ConfigurationError(
          fmt::format("{}: holds other ratings than when {} was made in {}; --force begins anew",
                      plan.matrix.ratings.path, run.name, context.output_folder));
    }
  }
}

ExitCode run_completions(const CompletionPlan& plan, const StudyHeader& header,
                         const std::string& resolved, const StudyContext& context) {
  const Communicator& world = context.world;
  const auto runs = completion_runs(plan);
  const Teams teams(world, header.team_size, runs.size());
  const Communicator& team = teams.mine();
  const CompletionProblems problems(world, plan);
  collectively(world, [&] {
    if (world.is_root()) require_same_data(plan, runs, problems, context);
  });
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
  if (const auto code = ended_early(world, dealt, runs.size(), context.log)) return *code;
  collectively(world, [&] {
    if (world.is_root()) finish_study(plan, runs, header, resolved, teams.team_size(), context);
  });
  return ExitCode::done;
}

}  // namespace

StudyBody prepare_completion_study(const Settings& settings, const StudyHeader& header,
                                   StudyContext& context) {
  const CompletionPlan plan = read_completion(settings, header, context.world.size());
  return [=, &context](StudyStart /*start*/) {
    return run_completions(plan, header, recorded_configuration(settings), context);
  };
}

}  // namespace thalweg
