#include "studies/trajectories/trajectory_study.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <optional>
#include <set>

#include "landscape/landscape_works.hpp"
#include "parallel/interrupt.hpp"
#include "records/checkpoint.hpp"
#include "records/schema.hpp"
#include "runs/beginning.hpp"
#include "runs/deal_out.hpp"
#include "runs/run_check.hpp"
#include "runs/study_data.hpp"
#include "runs/study_part.hpp"
#include "runs/trajectory_run.hpp"
#include "studies/trajectories/correlation_record.hpp"
#include "studies/trajectories/critical_batch_record.hpp"
#include "studies/trajectories/probe_forecast.hpp"
#include "studies/trajectories/run_summary.hpp"
#include "studies/trajectories/summary_table.hpp"
#include "studies/trajectories/trajectory_settings.hpp"
#include "studies/trajectories/tune.hpp"

namespace thalweg {

namespace {

template <class Real>
class TrajectoryStudy {
 public:
  TrajectoryStudy(const TrajectorySpec& plan, const StudyContext& context)
      : plan_(plan),
        context_(context),
        world_(context.world),
        trials_(plan.tune ? trials_of(*plan.tune, plan.runs) : std::vector<Trial>()),
        runs_(plan.runs),
        teams_(world_, plan.header.team_size, std::max(plan.runs.size(), trials_.size())),
        log_(teams_.mine().is_root(), context.log.terminal() && world_.is_root()),
        data_(load_study_data<Real>(plan.data, context, teams_.mine(), context.log)),
        works_(plan.landscape) {
    // Points need no team of their own size, unless a team holds the samples together.
    if (plan.header.team_size == 0 && plan.data.placement == Placement::node) {
      singles_.emplace(world_, 1, 1);
    }
  }

  ExitCode run() {
    collectively(world_, [&] {
      for (const auto& run : runs_) check_run(run, data_);
      for (const auto& trial : trials_) check_run(trial.plan, data_);
      if (world_.is_root()) {
        for (const auto& run : runs_) check_initial(run, data_);
      }
      works_.check(runs_, data_);
    });
    hold_starts();
    if (world_.is_root()) {
      context_.log.info(
          fmt::format("{}; {} runs{} in {} teams of {} ranks", data_.description, runs_.size(),
                      trials_.empty() ? "" : fmt::format(" and {} trials", trials_.size()),
                      teams_.count(), teams_.mine().size()));
    }
    if (!tune() || !deal(runs_)) return interrupted();
    if (!failed_.empty()) return give_up();
    if (explore() == RunOutcome::interrupted) return interrupted();
    collectively(world_, [&] {
      if (world_.is_root()) seal();
    });
    return ExitCode::done;
  }

 private:
  /// The files of points where runs begin are those of the study's beginning.
  void hold_starts() const {
    BegunFacts starts;
    collectively(world_, [&] {
      if (!world_.is_root()) return;
      for (const auto& run : runs_) {
        if (!run.train.initial.empty()) {
          starts.merge(file_fact("[train] initial", run.train.initial));
        }
      }
    });
    hold_to_beginning(context_, starts);
  }

  RunFiles files(const std::string& run) const { return files_of(context_.output_folder, run); }

  ExitCode interrupted() const {
    if (world_.is_root())
      context_.log.info("interrupted; checkpoints are written: " + context_.how_to_resume());
    return ExitCode::checkpointed;
  }

  /// Makes these runs; whether they came to their end before an interrupt.
  bool deal(const std::vector<RunSpec>& plans) {
    std::vector<DealtRun> runs;
    for (const auto& plan : plans) {
      if (left_out_.contains(plan.group)) continue;
      runs.push_back({plan.name, dealing_cost(plan, data_.train.size()), [this, &plan] {
                        return run_trajectory(teams_.mine(), plan, data_, files(plan.name),
                                              context_, log_);
                      }});
    }
    const Dealt dealt = deal_out(teams_, context_.output_folder, runs, log_);
    failed_.insert(failed_.end(), dealt.failed.begin(), dealt.failed.end());
    return !dealt.interrupted;
  }

  /// Makes the trials and gives every run its group's best learning rate; whether that came to its
  /// end before an interrupt. Groups without a rate are left out, their runs counted as failed.
  bool tune() {
    if (!plan_.tune) return true;
    std::vector<RunSpec> plans;
    for (const auto& trial : trials_) plans.push_back(trial.plan);
    if (!deal(plans)) return false;
    std::vector<double> rates(runs_.size(), 0.0);
    collectively(world_, [&] {
      if (world_.is_root()) choose_rates(rates);
    });
    world_.broadcast(std::span(rates));
    for (std::size_t i = 0; i < runs_.size(); ++i) {
      runs_[i].learning_rate = rates[i];
      if (rates[i] > 0.0) continue;
      left_out_.insert(runs_[i].group);
      failed_.push_back(runs_[i].name);
    }
    return true;
  }

  /// On the root: the rate of every run, 0 where there is none.
  void choose_rates(std::vector<double>& rates) {
    const std::set<std::string> failed(failed_.begin(), failed_.end());
    std::set<std::string> incomplete;
    for (const auto& trial : trials_) {
      trial_results_.emplace_back();
      if (failed.contains(trial.plan.name)) {
        incomplete.insert(trial.group);
      } else {
        trial_results_.back() =
            trial_result(plan_.tune->criterion, read_record(files(trial.plan.name).record));
      }
    }
    for (const auto& rate : tuned_rates(*plan_.tune, trials_, trial_results_)) {
      if (incomplete.contains(rate.group) || !rate.trial) {
        context_.log.warn(fmt::format("{}: no learning rate: {}", rate.group,
                                      rate.trial ? "a trial failed" : "every trial diverged"));
        continue;
      }
      const double chosen = trials_[*rate.trial].plan.learning_rate;
      context_.log.info(fmt::format("{}: learning rate {} of its trials", rate.group, chosen));
      if (rate.at_edge) {
        context_.log.warn(fmt::format(
            "{}: the best learning rate, {}, is at the edge of the grid: a better one may lie "
            "beyond",
            rate.group, chosen));
      }
      for (std::size_t i = 0; i < runs_.size(); ++i) {
        if (runs_[i].group == rate.group) rates[i] = chosen;
      }
    }
  }

  /// What there is stays, the record is not sealed.
  ExitCode give_up() const {
    collectively(world_, [&] {
      if (!world_.is_root()) return;
      const std::set<std::string> failed(failed_.begin(), failed_.end());
      std::int64_t diverged = 0;
      std::int64_t done = 0;
      for (const auto& run : runs_) {
        if (failed.contains(run.name)) continue;
        ++done;
        diverged += status_of(read_record(files(run.name).record)) == kDiverged ? 1 : 0;
      }
      std::string names;
      for (const auto& name : failed_) names += (names.empty() ? "" : ", ") + name;
      fmt::print("{} runs done, {} diverged, {} failed ({}); --resume makes what is missing\n",
                 done, diverged, failed_.size(), names);
      std::fflush(stdout);
    });
    return ExitCode::failed;
  }

  static std::string status_of(const Record& run) {
    return std::get<std::string>(run.attributes.at("status"));
  }

  RunOutcome explore() {
    const bool apart = plan_.data.placement == Placement::node;
    return works_.make({context_, context_.output_folder, runs_, data_,
                        singles_ ? *singles_ : teams_, apart ? world_ : teams_.mine()});
  }

  /// On the root: study.h5, and the table.
  void seal() {
    Record study;
    study.attributes["team_size"] = teams_.team_size();
    add_study_attributes(study, plan_.header, context_, plan_.resolved);
    study.attributes["data"] = data_.description;
    study.attributes["data_hash"] = fmt::format("{:016x}", data_.hash);
    const RunRecords taken = take_run_records(context_.output_folder, runs_);
    for (const auto& trial : trials_) remove_checkpoint(files(trial.plan.name).checkpoint);
    summarise_runs(study, taken.names, taken.records);
    if (plan_.tune) write_tune(study, *plan_.tune, trials_, trial_results_);
    const std::string critical =
        plan_.part.is_whole() ? fit_critical_batches(study, runs_, taken.records) : std::string();
    const std::string correlation =
        plan_.correlation ? correlate(study, *plan_.correlation, runs_) : std::string();
    works_.write_to(study);
    works_.write_files(context_);
    write_record(context_.output_folder + "/study.h5", study);
    works_.forget(context_.output_folder);
    std::error_code ignored;
    std::filesystem::remove(context_.output_folder + "/checkpoints", ignored);
    fmt::print("{}{}{}{}\n{} runs done, {} diverged; record: {}\n",
               summary_table(study, context_.columns), critical, correlation, works_.table(),
               taken.names.size(), taken.diverged, context_.output_folder + "/study.h5");
    std::fflush(stdout);
  }

  const TrajectorySpec& plan_;
  const StudyContext& context_;
  const Communicator& world_;
  std::vector<Trial> trials_;
  std::vector<RunSpec> runs_;  // with the rates they are made with
  Teams teams_;
  Log log_;
  DataSet<Real> data_;
  std::vector<TrialResult> trial_results_;  // on the root
  std::vector<std::string> failed_;         // the same on every rank
  std::set<std::string> left_out_;          // groups without a learning rate
  std::optional<Teams> singles_;
  LandscapeWorks<Real> works_;
};

template <class Real>
ExitCode run_study_of(const TrajectorySpec& plan, const StudyContext& context) {
  return TrajectoryStudy<Real>(plan, context).run();
}

}  // namespace

StudyBody prepare_trajectory_study(const Settings& settings, const StudyHeader& header,
                                   StudyContext& context) {
  TrajectorySpec plan = read_trajectory_spec(settings, header, context.world.size());
  context.probe_forecast = probe_forecast(
      plan.runs, plan.data.train > 0 ? std::optional(plan.data.train) : std::nullopt);
  if (!plan.runs.front().probes.empty()) {
    for (auto& line : audit_forecast(plan.landscape.audits)) context.probe_forecast.push_back(line);
  }
  return [settings, plan, &context](StudyStart /*start*/) mutable {
    plan.resolved = recorded_configuration(settings);
    return plan.wide ? run_study_of<double>(plan, context) : run_study_of<float>(plan, context);
  };
}

}  // namespace thalweg
