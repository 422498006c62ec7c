#include "runs/trajectory_run.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "base/clock.hpp"
#include "records/checkpoint.hpp"
#include "records/checkpoint_clock.hpp"
#include "records/masked_column.hpp"
#include "records/record.hpp"
#include "records/schema.hpp"
#include "runs/flow_checkpoint.hpp"
#include "runs/network_problem.hpp"
#include "runs/objective_problem.hpp"
#include "runs/run_calendar.hpp"
#include "runs/run_checkpoint.hpp"
#include "runs/run_record.hpp"
#include "runs/snapshots.hpp"

namespace thalweg {

namespace {

template <class Real>
RunColumns columns_of(const RunSpec& plan, const Problem<Real>& problem) {
  RunColumns columns = problem.columns();
  columns.gradient_norm = plan.train.gradient_norm_every;
  columns.flow = plan.optimizer.is_flow();
  return columns;
}

template <class Real>
class TrajectoryRun {
 public:
  TrajectoryRun(const Communicator& team, const RunSpec& plan, Problem<Real>& problem,
                const RunFiles& files, const StudyContext& context, const Log& log)
      : team_(team),
        plan_(plan),
        problem_(problem),
        files_(files),
        context_(context),
        log_(log),
        space_(problem.objective().space()),
        stepper_(space_, problem.blocks(), plan.optimizer),
        schedule_(schedule_of(plan, problem.samples())),
        record_(columns_of(plan, problem)),
        w_(problem.start()),
        statistics_(problem.statistics()),
        gradient_(static_cast<std::size_t>(space_.slice().size())) {
    last_step_ = schedule_.steps();
    stepper_.set_stop([this] { return agree() == Request::stop; });
    start_hash_ = point_hash(std::span<const Real>(w_), problem_.statistics());
    const auto mine = space_.slice_of(std::span<const Real>(w_));
    start_.assign(mine.begin(), mine.end());
  }

  RunOutcome run() {
    problem_.warn(log_, schedule_);
    problem_.begin(plan_.probes, w_);
    const bool resumed =
        context_.resume && resume_run(space_, files_.checkpoint, parts(), earlier_s_, log_);
    if (resumed) {
      problem_.set_statistics(statistics_);
    } else {
      measure_point();
    }
    Progress progress(log_, plan_.name, last_step_);
    while (progress_.status.empty() && progress_.step < last_step_) {
      // Before the first step too, or a study of many short runs would never hear it.
      if (progress_.step % agree_every() == 0) {
        const Request request = agree();
        if (request != Request::none) save();
        if (request == Request::stop) {
          progress.finish();
          return RunOutcome::interrupted;
        }
      }
      take_step();
      if (stepper_.was_abandoned()) {
        save();
        progress.finish();
        return RunOutcome::interrupted;
      }
      if (!progress_.status.empty()) break;
      measure_point();
      if (progress.is_due()) {
        const std::string words = problem_.in_words(record_.points().back());
        progress.update(progress_.step, problem_.columns().samples
                                            ? fmt::format("epoch {:.1f}, {}", epoch(), words)
                                            : words);
      }
    }
    progress.finish();
    if (progress_.status.empty())
      progress_.status = plan_.train.has_target() ? "target_not_reached" : "finished";
    return finish() ? RunOutcome::done : RunOutcome::interrupted;
  }

 private:
  enum class Request : std::int64_t { none = 0, checkpoint = 1, stop = 2 };

  double epoch() const { return schedule_.at(progress_.step).epochs_done; }
  double elapsed_s() const { return earlier_s_ + watch_.elapsed_s(); }

  /// A step of a flow is many of the integrator's.
  [[nodiscard]] std::int64_t agree_every() const { return stepper_.is_flow() ? 1 : kAgreeEvery; }

  /// Whether any rank was told to stop, or the root's clock says that a checkpoint is due.
  Request agree() {
    Request mine = Request::none;
    if (team_.is_root() && checkpoints_.is_due()) mine = Request::checkpoint;
    if (context_.time_to_stop()) mine = Request::stop;
    return static_cast<Request>(team_.max(static_cast<std::int64_t>(mine)));
  }

  void take_step() {
    const Schedule::Step now = schedule_.at(progress_.step);
    const double loss = problem_.step(stepper_, now, progress_.step, std::span<Real>(w_));
    if (stepper_.was_abandoned()) return;
    if (!std::isfinite(loss)) {
      progress_.status = kDiverged;
      return;
    }
    ++progress_.step;
    progress_.samples += now.count;
  }

  void measure_point() {
    if (evaluation_due(plan_.train, schedule_, progress_.step)) evaluate();
    measure_due_probes();
    if (is_snapshot_due()) take_snapshot();
  }

  void evaluate() {
    const auto mine = space_.slice_of(std::span<const Real>(w_));
    std::vector<Real> gap(mine.size());
    for (std::size_t i = 0; i < gap.size(); ++i) gap[i] = mine[i] - start_[i];
    const Schedule::Step next = schedule_.at(progress_.step);
    TrajectoryPoint point{.step = progress_.step,
                          .epoch = next.epochs_done,
                          .samples = progress_.samples,
                          .learning_rate = next.learning_rate,
                          .batch_size = next.batch,
                          .gradient_norm = 0.0,
                          .distance_from_start = space_.norm(std::span<const Real>(gap)),
                          .elapsed_s = elapsed_s()};
    problem_.evaluate(w_, point);
    if (plan_.train.gradient_norm_every) point.gradient_norm = gradient_norm();
    if (const auto counts = stepper_.flow_counts()) {
      for (; timed_ < progress_.step; ++timed_) time_ += schedule_.at(timed_).learning_rate;
      point.time = time_;
      point.stiffness = counts->stiffness;
      point.integrator_steps = counts->accepted;
      point.flow_evaluations = counts->evaluations;
    }
    record_.add(point);
    if (!std::isfinite(point.train_loss)) {
      progress_.status = kDiverged;
    } else if (reaches_target(plan_.train, point.train_loss,
                              plan_.train.target_on_validation ? point.validation_accuracy
                                                               : point.test_accuracy)) {
      progress_.status = "finished";
    }
  }

  double gradient_norm() {
    problem_.gradient(w_, gradient_);
    return space_.norm(std::span<const Real>(gradient_));
  }

  void measure_due_probes() {
    if (!progress_.status.empty()) return;
    for (const auto& probe : plan_.probes) {
      if (probe_due(probe, schedule_, progress_.step)) measure(probe);
    }
  }

  void measure(const ProbeSpec& plan) {
    // The root alone keeps earlier rows after a resume: its word decides.
    if (team_.any(team_.is_root() && record_.probes().has(plan.name, progress_.step))) return;
    if (plan.every_epochs == 0 && plan.every_steps == 0)
      log_.info(fmt::format("{}: probe {} at step {}", plan_.name, plan.name, progress_.step));
    TrainingState state = training_state(plan_.optimizer, schedule_, progress_.step);
    if (const auto p = stepper_.preconditioner_slice()) {
      state.preconditioner_slice.assign(p->begin(), p->end());
    }
    record_.probes().add(plan.name, progress_.step, problem_.measure(plan, w_, state));
  }

  bool is_snapshot_due() const {
    return progress_.status.empty() && snapshot_due(plan_.train, schedule_, progress_.step);
  }

  /// Unless the step has one.
  void take_snapshot() {
    auto& taken = progress_.snapshots;
    if (!taken.empty() && taken.back() == progress_.step) return;
    // The loss of such a point is not finite either: the next step will find that the run diverged.
    if (!std::all_of(w_.begin(), w_.end(), [](Real w) { return std::isfinite(w); })) return;
    collectively(team_, [&] {
      if (!team_.is_root()) return;
      Attributes attributes = provenance_attributes(context_.provenance);
      attributes["run"] = plan_.name;
      const Attributes of_problem = problem_.attributes();
      if (const auto hash = of_problem.find("data_hash"); hash != of_problem.end()) {
        attributes.insert(*hash);
      }
      write_snapshot(snapshot_file(context_.output_folder, plan_.name, progress_.step),
                     Snapshot<Real>{progress_.step, epoch(), w_, problem_.statistics()},
                     attributes);
    });
    taken.push_back(progress_.step);
  }

  RunParts<Real> parts() { return {progress_, w_, statistics_, stepper_, record_}; }

  void save() {
    statistics_ = problem_.statistics();
    checkpoints_.time([&] { save_run(space_, files_.checkpoint, parts(), elapsed_s()); });
  }

  /// Whether the end was reached before an interrupt.
  bool finish() {
    if (progress_.status != kDiverged && plan_.train.has_snapshots()) take_snapshot();
    if (progress_.status != kDiverged && !plan_.probes.empty()) {
      save();  // the probes may take longer than the training
      for (const auto& probe : plan_.probes) {
        measure(probe);
        save();
        if (agree() == Request::stop) return false;
      }
    }
    const double norm = progress_.status == kDiverged ? std::nan("") : gradient_norm();
    collectively(team_, [&] {
      if (!team_.is_root()) return;
      Record record;
      record.attributes = provenance_attributes(context_.provenance);
      record.attributes["schema"] = kRunSchema;
      record.attributes["schema_version"] = kSchemaVersion;
      record.attributes["name"] = plan_.name;
      record.attributes["group"] = plan_.group;
      record.attributes["seed"] = static_cast<std::int64_t>(plan_.seed);
      record.attributes["status"] = progress_.status;
      record.attributes["team_size"] = std::int64_t{team_.size()};
      record.attributes.merge(problem_.attributes());
      record_.write_to(record);
      if (const auto counts = stepper_.flow_counts()) write_flow_counts(record, *counts);
      record.attributes["start_hash"] = start_hash_;
      list_snapshots(record, progress_.snapshots);
      for (const auto& probe : plan_.probes) {
        if (progress_.status != kDiverged) problem_.describe(probe, record);
      }
      record.scalar("/final/gradient_norm", norm, "1",
                    problem_.columns().data
                        ? "norm of the training loss's gradient at the end (statistics of the "
                          "whole training set)"
                        : "norm of the gradient at the end");
      // Test samples and derivatives may overflow where the training loss does not.
      if (progress_.status != kDiverged) {
        mask_missing(record, "/trajectory/");
        mask_missing(record, "/final/");
      }
      record.column("/parameters/final", w_, "parameter", "1", "parameters at the end");
      if (problem_.columns().data) {
        record.column("/parameters/running_statistics", problem_.statistics(), "statistic", "1",
                      "running statistics of batch norm, mean then variance of each layer");
      }
      write_record(files_.record, record);
      remove_checkpoint(files_.checkpoint);
      const auto& last = record_.points().back();
      log_.info(fmt::format("{}: {} after {} steps, {}, {:.1f} s", plan_.name, progress_.status,
                            progress_.step, problem_.in_words(last), elapsed_s()));
    });
    return true;
  }

  const Communicator& team_;
  const RunSpec& plan_;
  Problem<Real>& problem_;
  const RunFiles& files_;
  const StudyContext& context_;
  const Log& log_;
  const VectorSpace& space_;
  Stepper<Real> stepper_;
  Schedule schedule_;
  RunRecord record_;
  std::vector<Real> w_;
  std::vector<double> statistics_;  // as of the last checkpoint
  std::vector<Real> gradient_;
  std::vector<Real> start_;  // this rank's slice
  std::string start_hash_;
  double time_ = 0.0;  // of a flow, after timed_ steps
  std::int64_t timed_ = 0;
  std::int64_t last_step_ = 0;
  RunProgress progress_;
  double earlier_s_ = 0.0;
  Stopwatch watch_;
  CheckpointClock checkpoints_{plan_.train.checkpoint_every_s};
};

}  // namespace

template <class Real>
RunOutcome run_trajectory(const Communicator& team, const RunSpec& plan, const DataSet<Real>& data,
                          const RunFiles& files, const StudyContext& context, const Log& log) {
  NetworkProblem<Real> problem(team, plan, data);
  return TrajectoryRun<Real>(team, plan, problem, files, context, log).run();
}

RunOutcome run_trajectory(const Communicator& team, const RunSpec& plan, const RunFiles& files,
                          const StudyContext& context, const Log& log) {
  ObjectiveProblem problem(team, plan);
  return TrajectoryRun<double>(team, plan, problem, files, context, log).run();
}

template RunOutcome run_trajectory(const Communicator&, const RunSpec&, const DataSet<float>&,
                                   const RunFiles&, const StudyContext&, const Log&);
template RunOutcome run_trajectory(const Communicator&, const RunSpec&, const DataSet<double>&,
                                   const RunFiles&, const StudyContext&, const Log&);

}  // namespace thalweg
