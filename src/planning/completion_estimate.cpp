#include "planning/completion_estimate.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <map>
#include <utility>

#include "models/matrix_shard.hpp"
#include "planning/plan_timing.hpp"
#include "planning/rehearsal.hpp"
#include "planning/study_estimate.hpp"
#include "records/checkpoint.hpp"
#include "studies/completion/completion_cost.hpp"
#include "studies/completion/completion_recorder.hpp"
#include "studies/completion/completion_run.hpp"

namespace thalweg {

namespace {

/// What one run of a method took, or would.
struct RunTrial {
  double seconds = 0.0;  ///< to the target, as far as is known or expected
  double most_s = 0.0;   ///< at most
  std::string basis;
};

/// Steps to `target` where the logarithm of the loss falls on as it did over the last half of the
/// rows; infinite where it did not fall.
double extrapolated_steps(const Record& checkpoint, const std::string& column, double target) {
  const auto found = checkpoint.arrays.find(column);
  if (found == checkpoint.arrays.end()) return INFINITY;
  const auto& steps =
      std::get<std::vector<std::int64_t>>(checkpoint.arrays.at("/trajectory/step").values);
  if (steps.size() < 2) return INFINITY;
  const auto& losses = std::get<std::vector<double>>(found->second.values);
  const std::size_t middle = (steps.size() - 1) / 2;
  const double fall = std::log(losses[middle] / losses.back());
  const auto taken = static_cast<double>(steps.back() - steps[middle]);
  if (!(fall > 0.0) || !(target > 0.0)) return INFINITY;
  return static_cast<double>(steps.back()) +
         taken * std::max(0.0, std::log(losses.back() / target)) / fall;
}

/// Runs of every method on the first instance, each as long as its share of the time lasts.
class CompletionEstimate {
 public:
  CompletionEstimate(const CompletionSpec& plan, const StudyHeader& header, PlanRequest& request)
      : plan_(plan), header_(header), request_(request) {}

  StudyEstimate make() {
    estimate_.gemm_flops_s = plan_.wide ? gemm_rate<double>() : gemm_rate<float>();
    const double program = program_bytes();
    const Stopwatch loading;
    const CompletionProblems problems(request_.context.world, plan_);
    const auto runs = completion_runs(plan_);
    const CompletionProblem first = problems.of(runs.front().instance, runs.front().observed);
    rows_ = first.rows;
    collectively(request_.context.world,
                 [&] { check_probes(plan_, first, request_.context.study_file); });
    WorkUnit prepare;
    prepare.fixed_s = loading.elapsed_s();
    estimate_.work.stages.push_back(
        {"data",
         WorkStage::Deal::root,
         0,
         {{"data", 0.0, {{"read and split", 1.0, 1.0, "measured", prepare}}}}});
    rehearse(runs, problems);
    WorkStage stage{"runs", WorkStage::Deal::teams, header_.team_size, {}};
    for (const auto& run : runs) {
      stage.tasks.push_back(task_of(run, completion_cost(plan_, plan_.methods[run.method], first)));
    }
    estimate_.work.stages.push_back(std::move(stage));
    const auto count = static_cast<double>(runs.size());
    estimate_.memory = {{"program and libraries", program},
                        {"the largest run: matrix, factors and what steps need", run_bytes_}};
    estimate_.disk = {{"records of the runs", count * record_bytes_}, {"study.h5", 4096.0 * count}};
    estimate_.transient_disk = {{"checkpoints", checkpoint_bytes_}};
    return std::move(estimate_);
  }

 private:
  using Key = std::pair<std::size_t, std::int64_t>;  ///< method and observed entries

  /// Cheap methods first, so that what they leave over goes to the others.
  void rehearse(const std::vector<CompletionRun>& runs, const CompletionProblems& problems) {
    std::vector<std::pair<double, CompletionRun>> chosen;
    for (const auto& run : runs) {
      if (!trials_.try_emplace({run.method, run.observed}).second) continue;
      const auto problem = problems.of(run.instance, run.observed);
      chosen.emplace_back(completion_cost(plan_, plan_.methods[run.method], problem), run);
    }
    std::stable_sort(chosen.begin(), chosen.end(),
                     [](const auto& a, const auto& b) { return a.first < b.first; });
    for (std::size_t i = 0; i < chosen.size(); ++i) {
      const CompletionRun& run = chosen[i].second;
      const double share =
          std::max(0.2, request_.left_s() / static_cast<double>(chosen.size() - i));
      trials_[{run.method, run.observed}] =
          trial(run, problems.of(run.instance, run.observed), share);
    }
  }

  RunTrial trial(const CompletionRun& run, const CompletionProblem& problem, double share) {
    const MethodSpec& method = plan_.methods[run.method];
    const RunFiles files{request_.scratch + "/completion.h5", request_.scratch + "/checkpoint.h5"};
    StudyContext context = request_.context;
    context.resume = false;
    context.time_limit_s = context.started.elapsed_s() + share;
    const Log silent = Log::silent();
    auto outcome = RunOutcome::done;
    const Rehearsal took = rehearsed([&] {
      outcome =
          run_completion({request_.self, plan_, method, run, problem, files, context, silent});
    });
    run_bytes_ = std::max(run_bytes_, took.bytes);
    if (outcome == RunOutcome::done) {
      record_bytes_ = std::max(record_bytes_, file_bytes(files.record));
      return {took.seconds, took.seconds, "measured"};
    }
    const auto checkpoint = resume_checkpoint(files.checkpoint, silent);
    checkpoint_bytes_ = std::max(checkpoint_bytes_, file_bytes(files.checkpoint));
    record_bytes_ = std::max(record_bytes_, file_bytes(files.checkpoint));
    const auto steps_of = [&](const char* name) {
      return static_cast<double>(std::get<std::int64_t>(checkpoint->attributes.at(name)));
    };
    const bool flows = method.is_trajectory() && method.is_flow;
    const double taken = std::max(1.0, steps_of(flows ? "accepted" : "step"));
    const auto most = static_cast<double>(plan_.max_steps);
    const bool certified = method.type == MethodType::nuclear_norm;
    const double expected =
        std::min(most, extrapolated_steps(*checkpoint,
                                          certified ? "/trajectory/gap" : "/trajectory/train_loss",
                                          certified ? method.gap_tolerance : plan_.target_loss));
    remove_checkpoint(files.checkpoint);
    const double each = took.seconds / taken;
    return {each * expected, each * most,
            fmt::format("cut off after {:.0f} steps, its loss extrapolated", taken)};
  }

  WorkTask task_of(const CompletionRun& run, double cost) const {
    const RunTrial& trial = trials_.at({run.method, run.observed});
    const MethodSpec& method = plan_.methods[run.method];
    WorkUnit unit;
    // A matrix of one shard is one rank's work, whatever the team.
    const bool spread = rows_ > matrix_shard(rows_);
    (spread ? unit.shared_s : unit.fixed_s) = trial.seconds;
    return {
        run.name,
        cost,
        {{method.name, 1.0, trial.seconds > 0.0 ? std::max(1.0, trial.most_s / trial.seconds) : 1.0,
          trial.basis, unit}}};
  }

  const CompletionSpec& plan_;
  const StudyHeader& header_;
  PlanRequest& request_;
  StudyEstimate estimate_;
  std::map<Key, RunTrial> trials_;
  std::int64_t rows_ = 0;
  double run_bytes_ = 0.0;
  double record_bytes_ = 0.0;
  double checkpoint_bytes_ = 0.0;
};

}  // namespace

StudyEstimate estimate_completion(const Settings& settings, const StudyHeader& header,
                                  PlanRequest& request) {
  CompletionSpec plan;
  collectively(request.context.world, [&] {
    plan = read_completion(settings, header, static_cast<int>(request.ranks));
    settings.reject_unknown();
  });
  return CompletionEstimate(plan, header, request).make();
}

}  // namespace thalweg
