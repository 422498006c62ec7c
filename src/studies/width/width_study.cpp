#include "studies/width/width_study.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <filesystem>

#include "records/checkpoint.hpp"
#include "records/record.hpp"
#include "records/schema.hpp"
#include "runs/deal_out.hpp"
#include "runs/study_data.hpp"
#include "studies/width/width_run.hpp"
#include "studies/width/width_settings.hpp"
#include "studies/width/width_summary.hpp"

namespace thalweg {

namespace {

Record study_record(const StudyContext& context, const StudyHeader& header,
                    const std::string& resolved, std::int64_t team_size, const WidthSpec& plan,
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
ExitCode run_widths(const WidthStudySpec& chosen, const StudyHeader& header,
                    const std::string& resolved, const StudyContext& context) {
  const WidthSpec& plan = chosen.plan;
  const Communicator& world = context.world;
  const auto runs = width_runs(plan);
  const Teams teams(world, header.team_size, runs.size());
  const Communicator& team = teams.mine();
  const auto data = load_study_data<Real>(chosen.data, context, team, context.log);
  collectively(world, [&] { require_few_pairs(data.train, context.study_file); });
  const WidthLimit limit = width_limit(world, plan, data);
  if (world.is_root()) {
    context.log.info(fmt::format("{}; {} runs in {} teams of {} ranks, learning rate {:.4g}",
                                 data.description, runs.size(), teams.count(), team.size(),
                                 limit.learning_rate));
  }
  const Log log(team.is_root(), context.log.terminal() && world.is_root());
  const auto costs = width_costs(runs, plan, data.train.features());
  std::vector<DealtRun> dealt_runs;
  for (std::size_t i = 0; i < runs.size(); ++i) {
    dealt_runs.push_back({runs[i].name, costs[i], [&, i] {
                            return run_width(team, plan, runs[i], limit, data,
                                             files_of(context.output_folder, runs[i].name), context,
                                             log);
                          }});
  }
  const Dealt dealt = deal_out(teams, context.output_folder, dealt_runs, log);
  if (const auto code = ended_early(context, dealt, runs.size())) return *code;
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
  const WidthStudySpec study = read_width_study(settings, header, context.world.size());
  return [=, &context](StudyStart /*start*/) {
    const std::string resolved = recorded_configuration(settings);
    return study.wide ? run_widths<double>(study, header, resolved, context)
                      : run_widths<float>(study, header, resolved, context);
  };
}

}  // namespace thalweg
