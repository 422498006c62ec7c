#include "landscape/curve_training.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "optimizers/stepper.hpp"
#include "records/checkpoint.hpp"
#include "records/checkpoint_clock.hpp"
#include "runs/run_network.hpp"
#include "runs/sample_order.hpp"
#include "runs/stepper_checkpoint.hpp"

namespace thalweg {

namespace {

/// Every control point has the network's layers.
std::vector<ParameterBlock> blocks_of_all(const std::vector<ParameterBlock>& one,
                                          std::int64_t parameters, std::int64_t bends) {
  std::vector<ParameterBlock> all;
  for (std::int64_t bend = 0; bend < bends; ++bend) {
    for (auto block : one) {
      block.name = fmt::format("bend{}.{}", bend, block.name);
      block.offset += bend * parameters;
      all.push_back(std::move(block));
    }
  }
  return all;
}

template <class Real>
class CurveRun {
 public:
  CurveRun(const Landscape<Real>& landscape, const std::string& name, const ConnectionSpec& plan,
           NetworkLoss<Real>& loss, CurveObjective<Real>& curve)
      : landscape_(landscape),
        name_(name),
        plan_(plan),
        loss_(loss),
        curve_(curve),
        space_(curve.space()),
        stepper_(space_, blocks_of_all(loss.parameter_blocks(), loss.dimension(), plan.bends),
                 plan.training.optimizer),
        training_(training_subset(network().train, landscape.data.train.size())),
        schedule_(schedule_of(as_run(plan, network()), landscape.data.train.size())),
        order_(plan.seed, Purpose::curve_shuffle, samples()) {
    result_.control_points = curve.straight();
  }

  std::optional<TrainedCurve<Real>> run() {
    resume();
    const Communicator& world = landscape_.context.world;
    const Log log(world.is_root(), landscape_.context.log.terminal());
    Progress progress(log, name_, schedule_.steps());
    while (step_ < schedule_.steps()) {
      take_step();
      progress.update(step_, result_.loss.empty()
                                 ? std::string()
                                 : fmt::format("loss {:.4g}", result_.loss.back()));
      constexpr std::int64_t agree_every = 16;
      if (step_ % agree_every != 0 || step_ == schedule_.steps()) continue;
      if (!keep_and_go_on()) {
        progress.finish();
        return std::nullopt;
      }
    }
    progress.finish();
    save();
    return std::move(result_);
  }

 private:
  const RunSpec& network() const { return landscape_.run_named(plan_.from); }
  std::int64_t samples() const {
    return training_.empty() ? landscape_.data.train.size()
                             : static_cast<std::int64_t>(training_.size());
  }
  std::string checkpoint() const {
    return fmt::format("{}/checkpoints/{}.h5", landscape_.context.output_folder, name_);
  }

  void take_step() {
    const Schedule::Step now = schedule_.at(step_);
    const auto index = static_cast<std::uint64_t>(step_);
    const Subset samples = order_.batch(now);
    const double t = Stream(plan_.seed, Purpose::curve_time, index).uniform();
    const StepDraws draws{plan_.seed, index, static_cast<std::uint64_t>(now.epoch)};
    const double loss =
        stepper_.step(std::span<Real>(result_.control_points), now.learning_rate,
                      [&](std::span<const Real> x, std::span<Real> slice) {
                        return curve_.gradient_at(
                            x, t,
                            [&](std::span<const Real> w, std::span<Real> inner) {
                              return loss_.training_gradient(w, samples, inner, draws);
                            },
                            slice);
                      });
    if (!std::isfinite(loss)) {
      throw Error(fmt::format("{}: the loss became {} at step {}; a lower learning rate may help",
                              name_, loss, step_));
    }
    ++step_;
    sum_ += loss;
    ++summed_;
    if (schedule_.at(step_).begin != 0 && step_ != schedule_.steps()) return;
    result_.step.push_back(step_);
    result_.loss.push_back(sum_ / static_cast<double>(summed_));
    sum_ = 0.0;
    summed_ = 0;
  }

  /// False where it is time to stop; a checkpoint is written then, or when one is due.
  bool keep_and_go_on() {
    const Communicator& world = landscape_.context.world;
    const bool due = world.is_root() && checkpoints_.is_due();
    constexpr std::int64_t stop = 2;
    const std::int64_t mine = landscape_.context.time_to_stop() ? stop : (due ? 1 : 0);
    const std::int64_t agreed = world.max(mine);
    if (agreed > 0) save();
    return agreed < stop;
  }

  void save() {
    checkpoints_.time([&] { write(); });
  }

  void write() {
    const auto state = stepper_state(space_, stepper_);
    collectively(landscape_.context.world, [&] {
      if (!landscape_.context.world.is_root()) return;
      Record record;
      record.attributes["schema"] = "thalweg/checkpoint";
      record.attributes["step"] = step_;
      record.attributes["loss_sum"] = sum_;
      record.attributes["loss_count"] = summed_;
      record.column("/parameters/control_points", result_.control_points, "parameter", "1",
                    "inner control points");
      record.column("/training/step", result_.step, "epoch", "1", "steps");
      record.column("/training/loss", result_.loss, "epoch", "1", "mean loss of the epoch");
      write_stepper(record, state);
      write_checkpoint(checkpoint(), record);
    });
  }

  /// The root reads, the others receive.
  void resume() {
    const Communicator& world = landscape_.context.world;
    std::int64_t facts[3] = {0, 0, 0};
    StepperState<Real> state;
    collectively(world, [&] {
      if (!world.is_root() || !landscape_.context.resume) return;
      const auto found = resume_checkpoint(checkpoint(), landscape_.context.log);
      if (!found) return;
      facts[0] = 1;
      facts[1] = std::get<std::int64_t>(found->attributes.at("step"));
      facts[2] = std::get<std::int64_t>(found->attributes.at("loss_count"));
      sum_ = std::get<double>(found->attributes.at("loss_sum"));
      result_.control_points =
          std::get<std::vector<Real>>(found->arrays.at("/parameters/control_points").values);
      result_.step = std::get<std::vector<std::int64_t>>(found->arrays.at("/training/step").values);
      result_.loss = std::get<std::vector<double>>(found->arrays.at("/training/loss").values);
      state = read_stepper(*found, stepper_);
    });
    world.broadcast(std::span<std::int64_t>(facts));
    if (facts[0] == 0) return;
    step_ = facts[1];
    summed_ = facts[2];
    world.broadcast(std::span(&sum_, 1));
    world.broadcast(std::span<Real>(result_.control_points));
    restore_stepper(space_, std::move(state), stepper_);
  }

  const Landscape<Real>& landscape_;
  const std::string& name_;
  const ConnectionSpec& plan_;
  NetworkLoss<Real>& loss_;
  CurveObjective<Real>& curve_;
  const VectorSpace& space_;
  Stepper<Real> stepper_;
  std::vector<std::int64_t> training_;
  Schedule schedule_;
  SampleOrder order_;
  TrainedCurve<Real> result_;  // losses on the root; on the others since the last resume
  std::int64_t step_ = 0;
  double sum_ = 0.0;
  std::int64_t summed_ = 0;
  CheckpointClock checkpoints_{plan_.training.checkpoint_every_s};
};

}  // namespace

RunSpec as_run(const ConnectionSpec& plan, const RunSpec& network) {
  RunSpec run = network;
  if (plan.training.batch > 0) run.train.batch = plan.training.batch;
  run.train.epochs = plan.training.epochs;
  run.train.steps = plan.training.steps;
  run.train.drop_last = false;
  run.learning_rate = plan.training.learning_rate;
  run.schedule = plan.training.schedule;
  return run;
}

template <class Real>
std::optional<TrainedCurve<Real>> train_curve(const Landscape<Real>& landscape,
                                              const std::string& name, const ConnectionSpec& plan,
                                              NetworkLoss<Real>& loss,
                                              CurveObjective<Real>& curve) {
  return CurveRun<Real>(landscape, name, plan, loss, curve).run();
}

template std::optional<TrainedCurve<float>> train_curve(const Landscape<float>&, const std::string&,
                                                        const ConnectionSpec&, NetworkLoss<float>&,
                                                        CurveObjective<float>&);
template std::optional<TrainedCurve<double>> train_curve(const Landscape<double>&,
                                                         const std::string&, const ConnectionSpec&,
                                                         NetworkLoss<double>&,
                                                         CurveObjective<double>&);

}  // namespace thalweg
