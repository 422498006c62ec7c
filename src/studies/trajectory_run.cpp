#include "studies/trajectory_run.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numeric>
#include <optional>

#include "base/clock.hpp"
#include "data/label_noise.hpp"
#include "objectives/widened.hpp"
#include "optimizers/stepper.hpp"
#include "parallel/interrupt.hpp"
#include "records/checkpoint.hpp"
#include "records/record.hpp"
#include "records/schema.hpp"
#include "studies/run_record.hpp"

namespace thalweg {

namespace {

/// Steps between two agreements on whether to stop or to checkpoint.
constexpr std::int64_t kAgreeEvery = 16;

bool reaches_target(const TrainOptions& train, const TrajectoryPoint& point) {
  const double accuracy =
      train.target_on_validation ? point.validation_accuracy : point.test_accuracy;
  return train.has_target() &&
         (train.target_loss == 0.0 || point.train_loss <= train.target_loss) &&
         accuracy >= train.target_accuracy;
}

template <class Real>
class TrajectoryRun {
 public:
  TrajectoryRun(const Communicator& team, const RunPlan& plan, const DataSet<Real>& data,
                const RunFiles& files, const StudyContext& context, const Log& log)
      : team_(team),
        plan_(plan),
        data_(data),
        files_(files),
        context_(context),
        log_(log),
        objective_(make_network_loss(team, plan, data)),
        space_(objective_->space()),
        stepper_(space_, objective_->network().parameters(), plan.optimizer),
        training_(training_subset(plan.train, data.train.size())),
        validation_(validation_subset(plan.train, data.train.size())),
        schedule_(schedule_of(plan, data.train.size())),
        record_({plan.train.gradient_norm_every, !validation_.empty()}),
        w_(static_cast<std::size_t>(objective_->dimension())),
        gradient_(static_cast<std::size_t>(space_.slice().size())) {
    last_step_ = schedule_.steps();
    objective_->network().initialise(std::span<Real>(w_), plan.seed);
    const auto mine = space_.slice_of(std::span<const Real>(w_));
    start_.assign(mine.begin(), mine.end());
  }

  RunOutcome run() {
    warn_of_idle_ranks();
    begin_probes();
    const bool resumed = resume();
    if (!resumed) {
      evaluate();
      measure_every_steps();
    }
    Progress progress(log_, plan_.name, last_step_);
    while (status_.empty() && step_ < last_step_) {
      take_step();
      if (!status_.empty()) break;
      if (is_evaluated(step_)) evaluate();
      measure_every_steps();
      const auto& latest = record_.points().back();
      progress.update(step_, fmt::format("epoch {:.1f}, train loss {:.4g}, test accuracy {:.4f}",
                                         epoch(), latest.train_loss, latest.test_accuracy));
      if (step_ % kAgreeEvery == 0 && status_.empty()) {
        const Request request = agree();
        if (request != Request::none) save();
        if (request == Request::stop) {
          progress.finish();
          return RunOutcome::interrupted;
        }
      }
    }
    progress.finish();
    if (status_.empty()) status_ = plan_.train.has_target() ? "target_not_reached" : "finished";
    return finish() ? RunOutcome::done : RunOutcome::interrupted;
  }

 private:
  enum class Request : std::int64_t { none = 0, checkpoint = 1, stop = 2 };

  double epoch() const { return schedule_.at(step_).epochs_done; }
  /// Training samples that are stepped on.
  std::int64_t training_count() const {
    return data_.train.size() - static_cast<std::int64_t>(validation_.size());
  }
  bool is_evaluated(std::int64_t step) const {
    if (step == last_step_) return true;
    const std::int64_t every = plan_.train.evaluate_every;
    return every > 0 ? step % every == 0 : schedule_.at(step).begin == 0;
  }
  double elapsed_s() const { return earlier_s_ + watch_.elapsed_s(); }

  void warn_of_idle_ranks() const {
    const std::int64_t batch = schedule_.at(0).batch;
    const std::int64_t shard = objective_->training_shard(batch);
    const std::int64_t shards = (batch + shard - 1) / shard;
    if (shards >= team_.size()) return;
    log_.warn(
        fmt::format("{}: a batch of {} has {} shards of {} for {} ranks, the others idle in "
                    "training steps; lower "
                    "[train] shard or [study] team_size",
                    plan_.name, batch, shards, shard, team_.size()));
  }

  /// Whether any rank was told to stop, or the root's clock says that a checkpoint is due.
  Request agree() {
    Request mine = Request::none;
    if (team_.is_root() && since_checkpoint_.elapsed_s() > plan_.train.checkpoint_every_s) {
      mine = Request::checkpoint;
    }
    if (Interrupt::requested() || context_.started.elapsed_s() > context_.time_limit_s)
      mine = Request::stop;
    return static_cast<Request>(team_.max(static_cast<std::int64_t>(mine)));
  }

  void take_step() {
    const Schedule::Step now = schedule_.at(step_);
    if (order_.empty() || order_epoch_ != now.epoch) {
      order_.resize(static_cast<std::size_t>(training_count()));
      std::iota(order_.begin(), order_.end(), 0);
      Stream stream(plan_.seed, Purpose::shuffle, static_cast<std::uint64_t>(now.epoch));
      shuffle(order_, stream);
      order_epoch_ = now.epoch;
    }
    const auto samples = Subset(order_).subspan(static_cast<std::size_t>(now.begin),
                                                static_cast<std::size_t>(now.count));
    const StepDraws draws{plan_.seed, static_cast<std::uint64_t>(step_),
                          static_cast<std::uint64_t>(now.epoch)};
    const auto gradient = [&](std::span<const Real> w, std::span<Real> slice) {
      return objective_->training_gradient(w, samples, slice, draws);
    };
    // The running statistics are those of the points that the run visits, not of SAM's.
    const auto perturbed = [&](std::span<const Real> w, std::span<Real> slice) {
      const auto buffers = objective_->network().buffers();
      const double loss = gradient(w, slice);
      objective_->network().set_buffers(buffers);
      return loss;
    };
    const double loss = stepper_.step(std::span<Real>(w_), now.learning_rate, gradient, perturbed);
    if (!std::isfinite(loss)) {
      status_ = kDiverged;
      return;
    }
    ++step_;
    samples_ += now.count;
  }

  void evaluate() {
    const auto train = objective_->evaluate(w_, data_.train, Statistics::frozen, training_);
    const auto test = objective_->evaluate(w_, data_.test, Statistics::frozen);
    Evaluation validation;
    if (!validation_.empty()) {
      validation = objective_->evaluate(w_, data_.train, Statistics::frozen, validation_);
    }
    const auto mine = space_.slice_of(std::span<const Real>(w_));
    std::vector<Real> gap(mine.size());
    for (std::size_t i = 0; i < gap.size(); ++i) gap[i] = mine[i] - start_[i];
    const Schedule::Step next = schedule_.at(step_);
    TrajectoryPoint point{.step = step_,
                          .epoch = next.epochs_done,
                          .samples = samples_,
                          .learning_rate = next.learning_rate,
                          .batch_size = next.batch,
                          .train_loss = train.loss,
                          .train_accuracy = train.accuracy,
                          .test_loss = test.loss,
                          .test_accuracy = test.accuracy,
                          .validation_loss = validation.loss,
                          .validation_accuracy = validation.accuracy,
                          .gradient_norm = 0.0,
                          .distance_from_start = space_.norm(std::span<const Real>(gap)),
                          .elapsed_s = elapsed_s()};
    if (plan_.train.gradient_norm_every) point.gradient_norm = gradient_norm();
    record_.add(point);
    if (!std::isfinite(train.loss)) {
      status_ = kDiverged;
    } else if (reaches_target(plan_.train, point)) {
      status_ = "finished";
    }
    for (const auto& probe : plan_.probes) {
      const bool due =
          probe.every_epochs > 0 && next.begin == 0 && next.epoch % probe.every_epochs == 0;
      if (due && status_.empty()) measure(probe);
    }
  }

  double gradient_norm() {
    look_at(Half::train, Statistics::batch);
    objective_->gradient(w_, training_, gradient_);
    return space_.norm(std::span<const Real>(gradient_));
  }

  void look_at(Half half, Statistics statistics) {
    objective_->set_half(half);
    objective_->set_statistics(statistics);
  }

  std::int64_t sample_count_of(const ProbePlan& plan) const {
    if (plan.samples > 0) return plan.samples;
    return plan.half == Half::test ? data_.test.size() : training_count();
  }

  std::vector<std::int64_t> samples_of(const ProbePlan& plan) const {
    if (plan.samples == 0 && plan.half == Half::train) return training_;
    std::vector<std::int64_t> samples(static_cast<std::size_t>(sample_count_of(plan)));
    std::iota(samples.begin(), samples.end(), 0);
    return samples;
  }

  /// Before a checkpoint is read: the parameters and running statistics are the initial ones.
  void begin_probes() {
    Widened<Real> widened(*objective_);
    const std::vector<double> start(w_.begin(), w_.end());
    for (const auto& plan : plan_.probes) {
      look_at(plan.half, plan.statistics);
      plan.probe->begin(widened, start, samples_of(plan));
    }
  }

  void measure_every_steps() {
    for (const auto& probe : plan_.probes) {
      if (probe.every_steps > 0 && step_ % probe.every_steps == 0 && status_.empty()) {
        measure(probe);
      }
    }
  }

  TrainingState training_state() const {
    TrainingState state;
    // After the last step there is no next one, whose rate many a schedule would make 0.
    state.learning_rate = schedule_.at(std::min(step_, last_step_ - 1)).learning_rate;
    state.threshold = plan_.optimizer.stability_threshold(state.learning_rate);
    if (const auto p = stepper_.preconditioner_slice()) {
      state.preconditioner_slice.assign(p->begin(), p->end());
    }
    return state;
  }

  void measure(const ProbePlan& plan) {
    // The root alone keeps earlier rows after a resume: its word decides.
    if (team_.any(team_.is_root() && record_.has(plan.name, step_))) return;
    if (plan.every_epochs == 0 && plan.every_steps == 0)
      log_.info(fmt::format("{}: probe {} at step {}", plan_.name, plan.name, step_));
    const auto samples = samples_of(plan);
    look_at(plan.half, plan.statistics);
    Widened<Real> widened(*objective_);
    const std::vector<double> point(w_.begin(), w_.end());
    plan.probe->observe(training_state());
    record_.add(plan.name, step_, plan.probe->measure(widened, point, samples));
  }

  void save() {
    // Every rank takes part in gathering the optimiser's slices; the root alone writes.
    std::vector<std::vector<Real>> state;
    for (const auto slice : stepper_.state()) {
      state.emplace_back(w_.size());
      space_.gather(std::span<const Real>(slice), std::span(state.back()));
    }
    collectively(team_, [&] {
      if (!team_.is_root()) return;
      Record checkpoint;
      checkpoint.attributes["schema"] = "thalweg/checkpoint";
      checkpoint.attributes["step"] = step_;
      checkpoint.attributes["samples"] = samples_;
      checkpoint.attributes["elapsed_s"] = elapsed_s();
      checkpoint.attributes["optimizer_steps"] = stepper_.steps();
      checkpoint.attributes["status"] = status_;
      record_.write_to(checkpoint);
      checkpoint.column("/parameters/current", w_, "parameter", "1", "parameters");
      checkpoint.column("/parameters/running_statistics", objective_->network().buffers(),
                        "statistic", "1", "running statistics of batch norm");
      for (std::size_t k = 0; k < state.size(); ++k) {
        checkpoint.column(fmt::format("/optimizer/state{}", k), state[k], "parameter", "1",
                          "optimiser state");
      }
      write_checkpoint(files_.checkpoint, checkpoint);
    });
    since_checkpoint_ = Stopwatch();
  }

  /// The root reads, the others receive. Returns whether there was a checkpoint.
  bool resume() {
    std::optional<Record> checkpoint;
    std::int64_t facts[4] = {0, 0, 0, 0};
    collectively(team_, [&] {
      if (!team_.is_root() || !context_.resume) return;
      CheckpointSource source;
      checkpoint = read_newest_checkpoint(files_.checkpoint, &source);
      for (const auto& reason : source.skipped) log_.warn(reason);
      if (!checkpoint) return;
      facts[0] = 1;
      facts[1] = std::get<std::int64_t>(checkpoint->attributes.at("step"));
      facts[2] = std::get<std::int64_t>(checkpoint->attributes.at("samples"));
      facts[3] = std::get<std::int64_t>(checkpoint->attributes.at("optimizer_steps"));
      earlier_s_ = std::get<double>(checkpoint->attributes.at("elapsed_s"));
      status_ = std::get<std::string>(checkpoint->attributes.at("status"));
      record_.read_from(*checkpoint);
      w_ = std::get<std::vector<Real>>(checkpoint->arrays.at("/parameters/current").values);
      log_.info(fmt::format("{}: resumed at step {} from {}", plan_.name, facts[1], source.file));
    });
    team_.broadcast(std::span<std::int64_t>(facts));
    if (facts[0] == 0) return false;
    status_ = team_.broadcast(status_);
    step_ = facts[1];
    samples_ = facts[2];
    stepper_.set_steps(facts[3]);
    team_.broadcast(std::span<Real>(w_));
    auto buffers = objective_->network().buffers();
    if (team_.is_root()) {
      buffers = std::get<std::vector<double>>(
          checkpoint->arrays.at("/parameters/running_statistics").values);
    }
    team_.broadcast(std::span<double>(buffers));
    objective_->network().set_buffers(buffers);
    std::vector<Real> whole(w_.size());
    const auto state = stepper_.state();
    for (std::size_t k = 0; k < state.size(); ++k) {
      if (team_.is_root()) {
        whole = std::get<std::vector<Real>>(
            checkpoint->arrays.at(fmt::format("/optimizer/state{}", k)).values);
      }
      team_.broadcast(std::span<Real>(whole));
      const auto mine = space_.slice_of(std::span<const Real>(whole));
      std::copy(mine.begin(), mine.end(), state[k].begin());
    }
    // Ranks other than the root keep no rows, but all must agree on the last one.
    if (!team_.is_root()) record_.add(TrajectoryPoint{});
    return true;
  }

  /// Whether the end was reached before an interrupt.
  bool finish() {
    if (status_ != kDiverged && !plan_.probes.empty()) {
      save();  // the probes may take longer than the training
      for (const auto& probe : plan_.probes) {
        measure(probe);
        save();
        if (agree() == Request::stop) return false;
      }
    }
    const double norm = status_ == kDiverged ? std::nan("") : gradient_norm();
    collectively(team_, [&] {
      if (!team_.is_root()) return;
      Record record;
      record.attributes = provenance_attributes(context_.provenance);
      record.attributes["schema"] = kRunSchema;
      record.attributes["schema_version"] = kSchemaVersion;
      record.attributes["name"] = plan_.name;
      record.attributes["group"] = plan_.group;
      record.attributes["seed"] = static_cast<std::int64_t>(plan_.seed);
      record.attributes["status"] = status_;
      record.attributes["team_size"] = std::int64_t{team_.size()};
      record.attributes["data"] = data_.description;
      record.attributes["data_hash"] = fmt::format("{:016x}", data_.hash);
      record_.write_to(record);
      for (const auto& probe : plan_.probes) {
        if (status_ == kDiverged) continue;
        auto& attributes = record.group_attributes["/probes/" + probe.name];
        attributes["statistics"] = probe.statistics == Statistics::batch ? "batch" : "frozen";
        attributes["data"] = probe.half == Half::test ? "test" : "train";
        attributes["samples"] = sample_count_of(probe);
        for (const auto& [name, value] : probe.probe->attributes()) attributes[name] = value;
      }
      record.scalar(
          "/final/gradient_norm", norm, "1",
          "norm of the training loss's gradient at the end (statistics of the whole training set)");
      record.column("/parameters/final", w_, "parameter", "1", "parameters at the end");
      record.column("/parameters/running_statistics", objective_->network().buffers(), "statistic",
                    "1", "running statistics of batch norm, mean then variance of each layer");
      write_record(files_.record, record);
      remove_checkpoint(files_.checkpoint);
      const auto& last = record_.points().back();
      log_.info(fmt::format(
          "{}: {} after {} steps, train loss {:.4g}, test accuracy {:.4f}, {:.1f} s", plan_.name,
          status_, step_, last.train_loss, last.test_accuracy, elapsed_s()));
    });
    return true;
  }

  const Communicator& team_;
  const RunPlan& plan_;
  const DataSet<Real>& data_;
  const RunFiles& files_;
  const StudyContext& context_;
  const Log& log_;
  std::unique_ptr<NetworkLoss<Real>> objective_;
  const VectorSpace& space_;
  Stepper<Real> stepper_;
  std::vector<std::int64_t> training_;    // empty: all
  std::vector<std::int64_t> validation_;  // held out; empty: none
  Schedule schedule_;
  RunRecord record_;
  std::vector<Real> w_;
  std::vector<Real> gradient_;
  std::vector<Real> start_;
  std::vector<std::int64_t> order_;
  std::int64_t order_epoch_ = -1;
  std::int64_t last_step_ = 0;
  std::int64_t step_ = 0;
  std::int64_t samples_ = 0;
  std::string status_;
  double earlier_s_ = 0.0;
  Stopwatch watch_;
  Stopwatch since_checkpoint_;
};

/// The training samples' labels as a run's plan changes them; empty where it does not.
template <class Real>
std::vector<std::int32_t> noisy_labels(const RunPlan& plan, const DataSplit<Real>& train) {
  if (plan.train.random_labels > 0.0) {
    return with_random_labels(train.labels(), train.classes(), plan.train.random_labels, plan.seed);
  }
  if (plan.train.label_noise > 0.0) {
    return with_label_noise(train.labels(), train.classes(), plan.train.label_noise, plan.seed);
  }
  return {};
}

}  // namespace

std::vector<std::int64_t> training_subset(const TrainOptions& train, std::int64_t samples) {
  const std::int64_t out = held_out(train.validation, samples);
  if (out == 0) return {};
  std::vector<std::int64_t> subset(static_cast<std::size_t>(samples - out));
  std::iota(subset.begin(), subset.end(), 0);
  return subset;
}

std::vector<std::int64_t> validation_subset(const TrainOptions& train, std::int64_t samples) {
  const std::int64_t out = held_out(train.validation, samples);
  std::vector<std::int64_t> subset(static_cast<std::size_t>(out));
  std::iota(subset.begin(), subset.end(), samples - out);
  return subset;
}

template <class Real>
Network<Real> network_of(const RunPlan& plan, const DataSet<Real>& data) {
  return make_model<Real>(plan.model, data.train.shape(), data.train.classes());
}

template <class Real>
std::unique_ptr<NetworkLoss<Real>> make_network_loss(const Communicator& team, const RunPlan& plan,
                                                     const DataSet<Real>& data) {
  auto objective =
      std::make_unique<NetworkLoss<Real>>(team, network_of(plan, data), data, plan.train.loss);
  // Ghost groups lie within shards.
  const std::int64_t ghost = plan.model.ghost_size;
  constexpr std::int64_t evaluation_shard = 256;
  objective->set_shards(plan.train.shard,
                        ghost > 0 ? (evaluation_shard + ghost - 1) / ghost * ghost : 0);
  objective->limit_memory(plan.train.memory_mib << 20);
  objective->set_augmentation(plan.train.augmentation);
  objective->relabel_training(noisy_labels(plan, data.train));
  return objective;
}

template <class Real>
RunOutcome run_trajectory(const Communicator& team, const RunPlan& plan, const DataSet<Real>& data,
                          const RunFiles& files, const StudyContext& context, const Log& log) {
  return TrajectoryRun<Real>(team, plan, data, files, context, log).run();
}

template Network<float> network_of(const RunPlan&, const DataSet<float>&);
template Network<double> network_of(const RunPlan&, const DataSet<double>&);
template std::unique_ptr<NetworkLoss<float>> make_network_loss(const Communicator&, const RunPlan&,
                                                               const DataSet<float>&);
template std::unique_ptr<NetworkLoss<double>> make_network_loss(const Communicator&, const RunPlan&,
                                                                const DataSet<double>&);
template RunOutcome run_trajectory(const Communicator&, const RunPlan&, const DataSet<float>&,
                                   const RunFiles&, const StudyContext&, const Log&);
template RunOutcome run_trajectory(const Communicator&, const RunPlan&, const DataSet<double>&,
                                   const RunFiles&, const StudyContext&, const Log&);

}  // namespace thalweg
