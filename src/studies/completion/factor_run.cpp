#include "studies/completion/factor_run.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <memory>

#include "objectives/factors/end_to_end.hpp"
#include "optimizers/flow/gradient_flow.hpp"
#include "optimizers/stepper.hpp"
#include "records/schema.hpp"
#include "runs/flow_checkpoint.hpp"
#include "runs/stepper_checkpoint.hpp"
#include "studies/completion/completion_recorder.hpp"
#include "studies/completion/measuring_times.hpp"

namespace thalweg {

namespace {

using Next = CompletionRecorder::Next;

template <class Real>
double norm_of(const VectorSpace& space, std::span<const Real> slice) {
  return std::sqrt(space.dot(slice, slice));
}

/// Steps of an optimiser on the factors.
template <class Real>
class DescentRun {
 public:
  explicit DescentRun(const CompletionTask& task)
      : task_(task),
        method_(task.method),
        recorder_(task),
        chain_(task.problem.rows, task.problem.columns, method_.depth, method_.hidden),
        objective_(training_objective<Real>(task.team, chain_, task.problem, task.plan.loss)),
        space_(objective_->space()),
        stepper_(space_, chain_.blocks(), method_.optimizer),
        probes_(task.plan.probes.at(task.run.instance), *objective_, recorder_.probes()),
        due_(task.plan, method_.learning_rate) {
    const auto start = initial_factors(chain_, method_, task.problem,
                                       static_cast<std::uint64_t>(task.run.instance));
    w_.assign(start.begin(), start.end());
    if (std::all_of(w_.begin(), w_.end(), [](Real value) { return value == Real{0}; })) {
      throw Error(task.run.name +
                  ": the factors begin at zero, where nothing moves them; is the "
                  "scale too small for the precision?");
    }
    gradient_.resize(static_cast<std::size_t>(space_.slice().size()));
  }

  RunOutcome run() {
    recorder_.measure().begin(chain_, std::span<const Real>(w_));
    probes_.begin(w_);
    resume();
    std::string status;
    while (status.empty()) {
      if (due_.is_due(step_)) {
        measure();
        due_.pass(step_);
      }
      if (step_ >= due_.last_step()) {
        status = kNotReached;
        break;
      }
      if (step_ % kStepsBetweenLooks == 0) {
        const Next next = recorder_.next();
        if (next != Next::go_on) save();
        if (next == Next::stop) return RunOutcome::interrupted;
      }
      status = advance();
    }
    if (status != kDiverged) {
      if (measured_ != step_) measure();
      probes_.finish(w_, step_, time(), state());
    }
    recorder_.finish(status, product(), [](Record&) {});
    return RunOutcome::done;
  }

 private:
  static constexpr std::int64_t kStepsBetweenLooks = 16;

  /// One step, unless the target is reached before it.
  std::string advance() {
    bool reached = false;
    const double loss = stepper_.step(
        std::span<Real>(w_), method_.learning_rate,
        [&](std::span<const Real> w, std::span<Real> slice) {
          const double value = objective_->gradient(w, {}, slice);
          reached = value <= task_.plan.target_loss;
          // A loss that is not finite leaves the point alone, which is what is wanted
          // at the end.
          return reached ? std::numeric_limits<double>::infinity() : value;
        },
        [&](std::span<const Real> w, std::span<Real> slice) {
          return objective_->gradient(w, {}, slice);
        });
    if (reached) return kFinished;
    if (!std::isfinite(loss)) return kDiverged;
    ++step_;
    return "";
  }

  [[nodiscard]] double time() const { return method_.learning_rate * static_cast<double>(step_); }

  [[nodiscard]] TrainingState state() const {
    TrainingState state{
        method_.learning_rate, method_.optimizer.stability_threshold(method_.learning_rate), {}};
    if (const auto p = stepper_.preconditioner_slice()) {
      state.preconditioner_slice.assign(p->begin(), p->end());
    }
    return state;
  }

  [[nodiscard]] std::vector<double> product() const {
    return recorder_.is_root() ? product_of(chain_, std::span<const Real>(w_))
                               : std::vector<double>{};
  }

  void measure() {
    const std::span<const Real> w(w_);
    MatrixRow row;
    row.step = step_;
    row.time = time();
    row.train_loss = objective_->gradient(w, {}, gradient_);
    row.gradient_norm = norm_of(space_, std::span<const Real>(gradient_));
    measured_ = step_;
    const auto matrix = product();
    const bool finite = std::isfinite(row.train_loss);
    if (!finite && step_ == 0) {
      throw Error(task_.run.name + ": the loss is not finite where the factors begin");
    }
    if (!finite) return;  // the next step ends the run
    collectively(task_.team, [&] {
      if (!recorder_.is_root()) return;
      recorder_.measure().measure_factors(chain_, w, row);
      recorder_.add(std::move(row), matrix);
    });
    probes_.measure(w, step_, time(), state());
  }

  void save() {
    const auto state = stepper_state(space_, stepper_);
    recorder_.save([&](Record& checkpoint) {
      checkpoint.attributes["step"] = step_;
      checkpoint.attributes["measured"] = measured_;
      checkpoint.column("/parameters/current", w_, "parameter", "1", "factors");
      write_stepper(checkpoint, state);
    });
  }

  void resume() {
    StepperState<Real> state;
    std::int64_t facts[3] = {0, -1, 0};
    const bool found = recorder_.resume([&](const Record& checkpoint) {
      facts[0] = std::get<std::int64_t>(checkpoint.attributes.at("step"));
      facts[1] = std::get<std::int64_t>(checkpoint.attributes.at("measured"));
      facts[2] = recorder_.points();
      w_ = std::get<std::vector<Real>>(checkpoint.arrays.at("/parameters/current").values);
      state = read_stepper(checkpoint, stepper_);
    });
    if (!found) return;
    task_.team.broadcast(std::span<std::int64_t>(facts));
    task_.team.broadcast(std::span(w_));
    step_ = facts[0];
    measured_ = facts[1];
    probes_.resume(facts[2]);
    restore_stepper(space_, std::move(state), stepper_);
    if (measured_ >= 0) due_.pass(measured_);
  }

  const CompletionTask& task_;
  const MethodSpec& method_;
  CompletionRecorder recorder_;
  FactorChain chain_;
  std::unique_ptr<Objective<Real>> objective_;
  const VectorSpace& space_;
  Stepper<Real> stepper_;
  FactorProbes<Real> probes_;
  MeasuringSteps due_;
  std::vector<Real> w_;
  std::vector<Real> gradient_;
  std::int64_t step_ = 0;
  std::int64_t measured_ = -1;
};

/// The flow of the factors, or of their product by its own equation.
class FlowRun {
 public:
  explicit FlowRun(const CompletionTask& task)
      : task_(task),
        method_(task.method),
        recorder_(task),
        factors_(task.problem.rows, task.problem.columns, method_.depth, method_.hidden),
        chain_(is_end_to_end() ? FactorChain(task.problem.rows, task.problem.columns, 1)
                               : factors_),
        objective_(training_objective<double>(task.team, chain_, task.problem, task.plan.loss)),
        space_(objective_->space()),
        start_(start()),
        flow_(space_, options(), is_end_to_end() ? end_to_end() : gradient_flow(*objective_, {})),
        probes_(is_end_to_end() ? no_probes() : task.plan.probes.at(task.run.instance), *objective_,
                recorder_.probes()),
        due_(task.plan) {
    gradient_.resize(static_cast<std::size_t>(space_.slice().size()));
  }

  RunOutcome run() {
    point_ = start_;
    if (!is_end_to_end()) recorder_.measure().begin(chain_, std::span<const double>(start_));
    probes_.begin(start_);
    if (!resume()) {
      flow_.begin(0.0, start_);
      if (due_.next() == 0.0) measure(0.0);
    }
    std::string status;
    while (status.empty()) {
      if (flow_.value() <= task_.plan.target_loss) {
        status = kFinished;
      } else if (flow_.time() >= due_.last_time() ||
                 flow_.counts().accepted >= task_.plan.max_steps) {
        status = kNotReached;
      } else {
        const Next next = recorder_.next();
        if (next != Next::go_on) save();
        if (next == Next::stop) return RunOutcome::interrupted;
        flow_.step(due_.last_time());
        while (due_.next() <= flow_.time()) measure(due_.next());
      }
    }
    if (measured_ != flow_.time()) measure(flow_.time());
    flow_.interpolate(flow_.time(), point_);  // a resumed run may have measured it before
    probes_.finish(point_, flow_.counts().accepted, measured_, state());
    recorder_.finish(status, product(),
                     [&](Record& record) { write_flow_counts(record, flow_.counts()); });
    return RunOutcome::done;
  }

 private:
  /// Of the flow of a product there are no factors to measure.
  [[nodiscard]] static const std::vector<FactorProbeSpec>& no_probes() {
    static const std::vector<FactorProbeSpec> none;
    return none;
  }

  /// The next step stands in for the rate, and nothing has a threshold.
  [[nodiscard]] TrainingState state() const { return {flow_.next_step(), std::nullopt, {}}; }

  [[nodiscard]] bool is_end_to_end() const { return method_.type == MethodType::end_to_end; }

  [[nodiscard]] std::vector<double> start() const {
    auto factors = initial_factors(factors_, method_, task_.problem,
                                   static_cast<std::uint64_t>(task_.run.instance));
    return is_end_to_end() ? product_of<double>(factors_, factors) : factors;
  }

  /// Errors far below the start's largest element do not matter, errors of its size would be the
  /// whole of a small start: without a tolerance of its own a millionth of it, 1e-9 at most.
  [[nodiscard]] FlowOptions options() const {
    FlowOptions options = method_.flow;
    if (options.absolute_tolerance > 0.0) return options;
    double largest = 0.0;
    for (const double value : start_) largest = std::max(largest, std::abs(value));
    options.absolute_tolerance =
        std::clamp(1e-6 * largest, std::numeric_limits<double>::min(), 1e-9);
    return options;
  }

  /// Every rank decomposes the whole matrix and takes its slice.
  Flow::RightHandSide end_to_end() {
    return [this](std::span<const double> w, std::span<double> slice) {
      const double value = objective_->gradient(w, {}, slice);
      whole_.resize(w.size());
      space_.gather(std::span<const double>(slice), std::span<double>(whole_));
      if (!std::all_of(whole_.begin(), whole_.end(), [](double g) { return std::isfinite(g); })) {
        return std::numeric_limits<double>::infinity();
      }
      const auto velocity =
          end_to_end_velocity(task_.problem.rows, task_.problem.columns, method_.depth, w, whole_);
      const auto mine = space_.slice_of(std::span<const double>(velocity));
      std::copy(mine.begin(), mine.end(), slice.begin());
      return value;
    };
  }

  [[nodiscard]] std::vector<double> product() const {
    return recorder_.is_root() ? product_of<double>(chain_, point_) : std::vector<double>{};
  }

  /// At a time within the last step.
  void measure(double time) {
    flow_.interpolate(time, point_);
    MatrixRow row;
    row.step = flow_.counts().accepted;
    row.time = time;
    row.train_loss = objective_->gradient(point_, {}, gradient_);
    row.gradient_norm = norm_of(space_, std::span<const double>(gradient_));
    row.stiffness = flow_.counts().stiffness;
    row.flow_step = flow_.time() - flow_.previous_time();
    measured_ = time;
    due_.pass(time);
    const auto matrix = product();
    collectively(task_.team, [&] {
      if (!recorder_.is_root()) return;
      if (!is_end_to_end()) {
        recorder_.measure().measure_factors(chain_, std::span<const double>(point_), row);
      }
      recorder_.add(std::move(row), matrix);
    });
    probes_.measure(point_, flow_.counts().accepted, time, state());
  }

  void save() {
    const FlowState state = flow_.save();
    recorder_.save([&](Record& checkpoint) {
      write_flow(checkpoint, state);
      checkpoint.attributes["measured"] = measured_;
    });
  }

  bool resume() {
    FlowState state;
    std::int64_t points = 0;
    const bool found = recorder_.resume([&](const Record& checkpoint) {
      state = read_flow_state(checkpoint);
      points = recorder_.points();
      measured_ = std::get<double>(checkpoint.attributes.at("measured"));
    });
    if (!found) return false;
    share_flow(task_.team, state, static_cast<std::size_t>(space_.dimension()));
    task_.team.broadcast(std::span(&measured_, 1));
    task_.team.broadcast(std::span(&points, 1));
    probes_.resume(points);
    flow_.restore(state);
    if (measured_ >= 0.0) due_.pass(measured_);
    return true;
  }

  const CompletionTask& task_;
  const MethodSpec& method_;
  CompletionRecorder recorder_;
  FactorChain factors_;
  FactorChain chain_;  ///< of what flows
  std::unique_ptr<Objective<double>> objective_;
  const VectorSpace& space_;
  std::vector<double> start_;
  Flow flow_;
  FactorProbes<double> probes_;
  MeasuringTimes due_;
  std::vector<double> point_;
  std::vector<double> gradient_;
  std::vector<double> whole_;
  double measured_ = -1.0;
};

}  // namespace

RunOutcome run_factorization(const CompletionTask& task) {
  if (task.method.is_flow) return FlowRun(task).run();
  return task.plan.wide ? DescentRun<double>(task).run() : DescentRun<float>(task).run();
}

}  // namespace thalweg
