#include "planning/trajectory_estimate.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "planning/landscape_estimate.hpp"
#include "planning/plan_timing.hpp"
#include "planning/run_estimate.hpp"
#include "runs/deal_out.hpp"
#include "runs/run_check.hpp"
#include "studies/trajectories/trajectory_settings.hpp"

namespace thalweg {

namespace {

template <class Real>
class TrajectoryEstimate {
 public:
  TrajectoryEstimate(const TrajectorySpec& plan, PlanRequest& request)
      : plan_(plan),
        request_(request),
        trials_(plan.tune ? trials_of(*plan.tune, plan.runs) : std::vector<Trial>()) {}

  StudyEstimate make() {
    const Communicator& world = request_.context.world;
    // After products: BLAS touches its work space in the first.
    estimate_.work.grows = true;
    estimate_.gemm_flops_s = gemm_rate<Real>();
    const double program = program_bytes();
    const Stopwatch loading;
    const DataSet<Real> data = load_data<Real>(plan_.data, world, request_.self);
    const double loading_s = loading.elapsed_s();
    const double loading_peak = status_bytes("VmHWM");
    const LandscapeWorks<Real> works(plan_.landscape);
    collectively(world, [&] {
      for (const auto& run : plan_.runs) check_run(run, data);
      for (const auto& trial : trials_) check_run(trial.plan, data);
      if (world.is_root()) {
        for (const auto& run : plan_.runs) check_initial(run, data);
      }
      works.check(plan_.runs, data);
    });
    add_stage("loading the data", WorkStage::Deal::root, {once("loading", loading_s)});
    measure_groups(data);
    if (!trials_.empty()) {
      std::vector<WorkTask> tasks;
      for (const auto& trial : trials_) tasks.push_back(trial_task(trial, data.train.size()));
      add_stage("trials of learning rates", WorkStage::Deal::teams, std::move(tasks));
    }
    std::vector<WorkTask> tasks;
    for (const auto& run : plan_.runs) {
      tasks.push_back(task_of(run, groups_.at(run.group), data.train.size()));
    }
    add_stage("runs", WorkStage::Deal::teams, std::move(tasks));
    add_disk(data.train.size());
    add_memory(data, program, loading_peak);
    add_landscape_estimate<Real>(
        {plan_.landscape, plan_.runs, plan_.data.placement, plan_.header.team_size}, data, request_,
        probe_trials_, estimate_);
    return std::move(estimate_);
  }

 private:
  static WorkTask once(const std::string& name, double seconds) {
    WorkUnit unit;
    unit.fixed_s = seconds;
    return {name, 0.0, {{name, 1.0, 1.0, "measured", unit}}};
  }

  void add_stage(const std::string& name, WorkStage::Deal deal, std::vector<WorkTask> tasks) {
    estimate_.work.stages.push_back({name, deal, plan_.header.team_size, std::move(tasks),
                                     std::max(plan_.runs.size(), trials_.size())});
  }

  /// As Teams decides, for the larger of runs and trials.
  std::int64_t team_size() const {
    if (plan_.header.team_size > 0) return plan_.header.team_size;
    const auto most = static_cast<std::int64_t>(std::max(plan_.runs.size(), trials_.size()));
    return std::max<std::int64_t>(1, request_.ranks / most);
  }

  void measure_groups(const DataSet<Real>& data) {
    std::vector<const RunSpec*> firsts;
    for (const auto& run : plan_.runs) {
      if (groups_.emplace(run.group, GroupEstimate{}).second) firsts.push_back(&run);
    }
    const bool landscape_follows =
        !plan_.landscape.surfaces.empty() || !plan_.landscape.connections.empty();
    double left_groups = static_cast<double>(firsts.size()) + (landscape_follows ? 1.0 : 0.0);
    for (const auto* run : firsts) {
      const double seconds = std::max(0.0, request_.left_s()) / left_groups;
      left_groups -= 1.0;
      groups_[run->group] =
          estimate_group(*run, data, request_, team_size(), seconds, probe_trials_);
      const TrainingTrial& trial = groups_[run->group].trial;
      if (trial.cut_off) {
        estimate_.notes.push_back(
            fmt::format("{}: a step did not end in its share of --calibrate; its time is a lower "
                        "bound",
                        run->group));
      }
      if (run->train.has_target()) {
        estimate_.notes.push_back(
            fmt::format("{}: {} of at most {} steps expected: {}", run->group, trial.expected,
                        schedule_of(*run, data.train.size()).steps(), trial.basis));
      }
    }
    for (const auto& [name, trial] : probe_trials_) {
      if (trial.finished) continue;
      estimate_.notes.push_back(
          fmt::format("probe {}: its trial did not end in its share of --calibrate; what it asks "
                      "for is a lower bound, and so is its time",
                      name));
    }
  }

  WorkTask trial_task(const Trial& trial, std::int64_t samples) const {
    GroupEstimate group = groups_.at(trial.group);
    const Schedule schedule = schedule_of(trial.plan, samples);
    if (!trial.plan.train.has_target()) group.trial.expected = schedule.steps();
    return task_of(trial.plan, group, samples);
  }

  void add_disk(std::int64_t samples) {
    double records = 0.0;
    double snapshots = 0.0;
    double checkpoints = 0.0;
    double summary = 0.0;
    const auto add = [&](const RunSpec& run, const std::string& group_name) {
      const GroupEstimate& group = groups_.at(group_name);
      records += group.record_bytes;
      // The summary of a run is its record without the parameters.
      summary += group.record_bytes - group.parameter_bytes;
      snapshots += group.snapshot_bytes *
                   static_cast<double>(expected_counts(run, group, samples).snapshots);
      checkpoints = std::max(checkpoints, group.checkpoint_bytes);
    };
    for (const auto& run : plan_.runs) add(run, run.group);
    for (const auto& trial : trials_) add(trial.plan, trial.group);
    estimate_.disk.push_back({"records of the runs", records});
    if (snapshots > 0.0) estimate_.disk.push_back({"snapshots", snapshots});
    estimate_.disk.push_back({"study.h5", summary});
    const auto runs = static_cast<std::int64_t>(std::max(plan_.runs.size(), trials_.size()));
    const std::int64_t teams = std::max<std::int64_t>(1, request_.ranks / team_size());
    // Two generations stay until the study is sealed; a third is on its way to its name.
    estimate_.transient_disk.push_back(
        {"checkpoints, two generations a run", 2.0 * checkpoints * static_cast<double>(runs)});
    estimate_.transient_disk.push_back({"checkpoints being written, one a team",
                                        checkpoints * static_cast<double>(std::min(teams, runs))});
  }

  void add_memory(const DataSet<Real>& data, double program, double loading_peak) {
    auto parts = base_memory(data, program, plan_.data.placement, team_size());
    const std::vector<PlannedBytes>* most = nullptr;
    for (const auto& [name, group] : groups_) {
      if (most == nullptr || bytes_of(group.memory) > bytes_of(*most)) most = &group.memory;
    }
    parts.insert(parts.end(), most->begin(), most->end());
    const double total = bytes_of(parts);
    if (loading_peak > total) {
      parts.push_back({"more while the data are loaded", loading_peak - total});
    }
    estimate_.memory = std::move(parts);
  }

  const TrajectorySpec& plan_;
  PlanRequest& request_;
  std::vector<Trial> trials_;
  std::map<std::string, GroupEstimate> groups_;
  ProbeTrials probe_trials_;
  StudyEstimate estimate_;
};

}  // namespace

StudyEstimate estimate_trajectories(const Settings& settings, const StudyHeader& header,
                                    PlanRequest& request) {
  TrajectorySpec plan;
  collectively(request.context.world, [&] {
    plan = read_trajectory_spec(settings, header, request.ranks);
    settings.reject_unknown();
  });
  return plan.wide ? TrajectoryEstimate<double>(plan, request).make()
                   : TrajectoryEstimate<float>(plan, request).make();
}

}  // namespace thalweg
