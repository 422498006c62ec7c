#include "studies/width/width_run.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <optional>
#include <utility>

#include "kernels/fully_connected_tiles.hpp"
#include "kernels/kernel_matrix.hpp"
#include "kernels/linear_prediction.hpp"
#include "models/tangent_gram.hpp"
#include "objectives/network/network_loss.hpp"
#include "optimizers/first_order/descent.hpp"
#include "records/checkpoint.hpp"
#include "records/checkpoint_clock.hpp"
#include "records/schema.hpp"

namespace thalweg {

namespace {

/// One row of /trajectory.
struct WidthRow {
  double step = 0.0;
  double time = 0.0;
  double train_loss = 0.0;
  double test_loss = 0.0;
  double train_distance = 0.0;
  double test_distance = 0.0;
  double linear_train_distance = 0.0;
  double linear_test_distance = 0.0;
  double kernel_drift = 0.0;
  double elapsed_s = 0.0;
};

struct WidthColumn {
  const char* name;
  const char* units;
  const char* long_name;
  double WidthRow::*field;
};

constexpr WidthColumn kWidthColumns[] = {
    {"step", "step", "steps of gradient descent taken", &WidthRow::step},
    {"time", "1", "learning rate times steps over training samples", &WidthRow::time},
    {"train_loss", "1", "mean over samples of half the squared distance to the target",
     &WidthRow::train_loss},
    {"test_loss", "1", "the same on the test samples", &WidthRow::test_loss},
    {"train_distance", "1",
     "norm of the outputs' distance from the infinitely wide kernel's prediction over its norm",
     &WidthRow::train_distance},
    {"test_distance", "1", "the same on the test samples", &WidthRow::test_distance},
    {"linear_train_distance", "1",
     "norm of the outputs' distance from the linearised net's over its norm; 1 where that diverges",
     &WidthRow::linear_train_distance},
    {"linear_test_distance", "1", "the same on the test samples", &WidthRow::linear_test_distance},
    {"kernel_drift", "1",
     "Frobenius norm of the empirical kernel's change since the start over its norm then",
     &WidthRow::kernel_drift},
    {"elapsed_s", "s", "wall time since the run began, summed over resumes", &WidthRow::elapsed_s},
};

template <class Real>
std::vector<double> widened(std::span<const Real> values) {
  return {values.begin(), values.end()};
}

/// ‖a − b‖ / ‖b‖; its limit, 1, where b has grown beyond all bounds, as a linearised net does whose
/// largest eigenvalue is beyond the learning rate's reach while the net itself settles.
double relative_distance(std::span<const double> a, std::span<const double> b) {
  double gap = 0.0;
  double norm = 0.0;
  for (std::size_t i = 0; i < b.size(); ++i) {
    gap += (a[i] - b[i]) * (a[i] - b[i]);
    norm += b[i] * b[i];
  }
  return std::isfinite(norm) ? std::sqrt(gap / norm) : 1.0;
}

std::vector<double> sum(std::vector<double> a, std::span<const double> b) {
  for (std::size_t i = 0; i < a.size(); ++i) a[i] += b[i];
  return a;
}

std::vector<double> difference(std::vector<double> a, std::span<const double> b) {
  for (std::size_t i = 0; i < a.size(); ++i) a[i] -= b[i];
  return a;
}

/// ‖Θ̂ − Θ ⊗ I‖_F / ‖Θ ⊗ I‖_F, Θ̂ over all pairs of sample and output.
double kernel_distance(std::span<const double> pairs, std::span<const double> theta,
                       std::size_t samples, std::size_t outputs) {
  double gap = 0.0;
  double norm = 0.0;
  const std::size_t side = samples * outputs;
  for (std::size_t row = 0; row < side; ++row) {
    for (std::size_t column = 0; column < side; ++column) {
      const bool same = row % outputs == column % outputs;
      const double limit = same ? theta[row / outputs * samples + column / outputs] : 0.0;
      const double d = pairs[row * side + column] - limit;
      gap += d * d;
      norm += limit * limit;
    }
  }
  return std::sqrt(gap / norm);
}

template <class Real>
std::vector<double> targets_of(const DataSplit<Real>& split) {
  const auto classes = static_cast<std::size_t>(split.classes());
  const auto labels = split.labels();
  std::vector<double> y(labels.size() * classes, -1.0 / static_cast<double>(classes));
  for (std::size_t i = 0; i < labels.size(); ++i) {
    y[i * classes + static_cast<std::size_t>(labels[i])] += 1.0;
  }
  return y;
}

double mean_loss(std::span<const double> outputs, std::span<const double> targets,
                 std::int64_t samples) {
  double loss = 0.0;
  for (std::size_t i = 0; i < outputs.size(); ++i) {
    loss += .5 * (outputs[i] - targets[i]) * (outputs[i] - targets[i]);
  }
  return loss / static_cast<double>(samples);
}

template <class Real>
Network<Real> make_network(const WidthSpec& plan, std::int64_t width, const DataSet<Real>& data) {
  MlpOptions options = plan.model;
  options.inputs = data.train.features();
  options.outputs = data.train.classes();
  options.widths.assign(static_cast<std::size_t>(plan.depth), width);
  return make_mlp<Real>(options);
}

template <class Real>
class Run {
 public:
  Run(const Communicator& team, const WidthSpec& plan, const WidthRun& run, const WidthLimit& limit,
      const DataSet<Real>& data, const RunFiles& files, const StudyContext& context, const Log& log)
      : team_(team),
        plan_(plan),
        run_(run),
        limit_(limit),
        data_(data),
        files_(files),
        context_(context),
        log_(log),
        objective_(team, make_network(plan, run.width, data), data, LossKind::squared),
        space_(objective_.space()),
        w_(static_cast<std::size_t>(objective_.dimension())),
        gradient_(static_cast<std::size_t>(space_.slice().size())),
        descent_(make_descent<Real>(0.0, false, 0.0, space_.slice().size())) {
    // Shards so small that a team finds work in a few hundred samples.
    constexpr std::int64_t shard = 64;
    objective_.set_shards(shard, shard);
    objective_.network().initialise(std::span<Real>(w_), run.seed);
  }

  RunOutcome run() {
    begin();
    resume();
    Progress progress(log_, run_.name, plan_.steps.back());
    if (rows_.empty()) compare();
    while (step_ < plan_.steps.back() && status_ == "finished") {
      objective_.gradient(w_, {}, gradient_);
      descent_->step(space_.slice_of(std::span(w_)), gradient_, limit_.learning_rate);
      space_.gather_in_place(std::span(w_));
      ++step_;
      if (std::binary_search(plan_.steps.begin(), plan_.steps.end(), step_)) compare();
      report(progress);
      const std::int64_t request = agree();
      if (request > 0) save();
      if (request > 1) {
        progress.finish();
        return RunOutcome::interrupted;
      }
    }
    progress.finish();
    finish();
    return RunOutcome::done;
  }

 private:
  /// Short runs end before they are worth a line of a job's log.
  void report(Progress& progress) const {
    constexpr double worth_telling_s = 5.0;
    if (watch_.elapsed_s() < worth_telling_s) return;
    progress.update(step_, fmt::format("train loss {:.4g}, distance {:.3g}",
                                       rows_.back().train_loss, rows_.back().train_distance));
  }

  double elapsed_s() const { return earlier_s_ + watch_.elapsed_s(); }

  /// Everything that follows from the initial parameters: both predictions, and what they are
  /// measured by. Computed again after a resume.
  void begin() {
    n_ = data_.train.size();
    train_targets_ = targets_of(data_.train);
    test_targets_ = targets_of(data_.test);
    const auto f0 = widened<Real>(objective_.outputs(w_, {}));
    f0_test_ = widened<Real>(objective_.outputs(w_, data_.test, {}));
    const auto gap = difference(train_targets_, f0);
    const std::int64_t outputs = data_.train.classes();
    infinite_.emplace(limit_.train, gap, outputs);
    {
      TangentKernel<Real> kernel(objective_.network(), w_, Statistics::frozen,
                                 TangentMethod::cheapest, TangentOutputs::pairs);
      const auto train = data_.train.all_rows();
      auto pairs = widened<Real>(tangent_gram(team_, kernel, train, train));
      linear_cross_ = widened<Real>(tangent_gram(team_, kernel, data_.test.all_rows(), train));
      distance_at_start_ = kernel_distance(pairs, limit_.train, static_cast<std::size_t>(n_),
                                           static_cast<std::size_t>(outputs));
      // Its outputs' pairs with samples are samples of one output.
      linear_.emplace(std::move(pairs), gap, 1);
    }
    kernel_at_start_ = widened<Real>(objective_.tangent_kernel(w_, {}));
  }

  void compare() {
    const auto t = static_cast<double>(step_);
    LinearTraining training{limit_.learning_rate, n_, TrainingRule::descent,
                            infinite_->null_eigenvalue()};
    const auto f = widened<Real>(objective_.outputs(w_, {}));
    const auto f_test = widened<Real>(objective_.outputs(w_, data_.test, {}));
    WidthRow row;
    row.step = t;
    row.time = limit_.learning_rate * t / static_cast<double>(n_);
    row.train_loss = mean_loss(f, train_targets_, n_);
    row.test_loss = mean_loss(f_test, test_targets_, data_.test.size());
    if (!std::isfinite(row.train_loss)) status_ = kDiverged;
    row.train_distance =
        relative_distance(f, difference(train_targets_, infinite_->gap_at(training, t)));
    row.test_distance =
        relative_distance(f_test, sum(infinite_->change_at(training, limit_.cross, t), f0_test_));
    training.null_eigenvalue = linear_->null_eigenvalue();
    row.linear_train_distance =
        relative_distance(f, difference(train_targets_, linear_->gap_at(training, t)));
    row.linear_test_distance =
        relative_distance(f_test, sum(linear_->change_at(training, linear_cross_, t), f0_test_));
    row.kernel_drift =
        relative_distance(widened<Real>(objective_.tangent_kernel(w_, {})), kernel_at_start_);
    row.elapsed_s = elapsed_s();
    rows_.push_back(row);
  }

  /// 0: go on, 1: write a checkpoint, 2: and stop. The team's common answer.
  std::int64_t agree() {
    std::int64_t mine = 0;
    if (team_.is_root() && checkpoints_.is_due()) mine = 1;
    if (context_.time_to_stop()) mine = 2;
    return team_.max(mine);
  }

  void write_rows(Record& record) const {
    for (const auto& column : kWidthColumns) {
      std::vector<double> values;
      values.reserve(rows_.size());
      for (const auto& row : rows_) values.push_back(row.*column.field);
      const std::string path = std::string("/trajectory/") + column.name;
      if (column.field == &WidthRow::step) {
        record.column(path, std::vector<std::int64_t>(values.begin(), values.end()), "step",
                      column.units, column.long_name);
      } else {
        record.column(path, values, "step", column.units, column.long_name);
      }
    }
  }

  void read_rows(const Record& record) {
    const auto& steps =
        std::get<std::vector<std::int64_t>>(record.arrays.at("/trajectory/step").values);
    rows_.resize(steps.size());
    for (const auto& column : kWidthColumns) {
      const auto& values = record.arrays.at(std::string("/trajectory/") + column.name).values;
      for (std::size_t i = 0; i < rows_.size(); ++i) {
        rows_[i].*column.field = column.field == &WidthRow::step
                                     ? static_cast<double>(steps[i])
                                     : std::get<std::vector<double>>(values)[i];
      }
    }
  }

  void save() {
    checkpoints_.time([&] { write(); });
  }

  void write() {
    collectively(team_, [&] {
      if (!team_.is_root()) return;
      Record checkpoint;
      checkpoint.attributes["schema"] = "thalweg/checkpoint";
      checkpoint.attributes["step"] = step_;
      checkpoint.attributes["elapsed_s"] = elapsed_s();
      write_rows(checkpoint);
      checkpoint.column("/parameters/current", w_, "parameter", "1", "parameters");
      write_checkpoint(files_.checkpoint, checkpoint);
    });
  }

  /// The root reads, the others receive.
  void resume() {
    collectively(team_, [&] {
      if (!team_.is_root() || !context_.resume) return;
      const auto checkpoint = resume_checkpoint(files_.checkpoint, log_);
      if (!checkpoint) return;
      step_ = std::get<std::int64_t>(checkpoint->attributes.at("step"));
      earlier_s_ = std::get<double>(checkpoint->attributes.at("elapsed_s"));
      w_ = std::get<std::vector<Real>>(checkpoint->arrays.at("/parameters/current").values);
      read_rows(*checkpoint);
    });
    team_.broadcast(std::span(&step_, 1));
    if (step_ == 0) return;
    team_.broadcast(std::span<Real>(w_));
    // The other ranks keep no earlier rows, but must know that there are some.
    if (rows_.empty()) rows_.emplace_back();
  }

  void finish() {
    collectively(team_, [&] {
      if (!team_.is_root()) return;
      Record record;
      record.attributes = provenance_attributes(context_.provenance);
      record.attributes["schema"] = kRunSchema;
      record.attributes["schema_version"] = kSchemaVersion;
      record.attributes["name"] = run_.name;
      record.attributes["group"] = fmt::format("width {}", run_.width);
      record.attributes["width"] = run_.width;
      record.attributes["seed"] = static_cast<std::int64_t>(run_.seed);
      record.attributes["status"] = status_;
      record.attributes["team_size"] = std::int64_t{team_.size()};
      record.attributes["data"] = data_.description;
      record.attributes["data_hash"] = fmt::format("{:016x}", data_.hash);
      write_rows(record);
      record.scalar("/start/kernel_distance", distance_at_start_, "1",
                    "Frobenius norm of the empirical kernel, over all pairs of outputs, less the "
                    "infinitely wide one, over the latter's");
      record.scalar("/start/largest_eigenvalue", linear_->largest_eigenvalue(), "1",
                    "of the empirical kernel of the training samples, over all pairs of outputs");
      record.scalar("/start/learning_rate", limit_.learning_rate, "1", "of every step");
      write_record(files_.record, record);
      remove_checkpoint(files_.checkpoint);
      const WidthRow& last = rows_.back();
      log_.info(fmt::format(
          "{}: {} after {} steps, train loss {:.4g}, distance {:.3g} (linearised {:.3g}), {:.1f} s",
          run_.name, status_, step_, last.train_loss, last.train_distance,
          last.linear_train_distance, elapsed_s()));
    });
  }

  const Communicator& team_;
  const WidthSpec& plan_;
  const WidthRun& run_;
  const WidthLimit& limit_;
  const DataSet<Real>& data_;
  const RunFiles& files_;
  const StudyContext& context_;
  const Log& log_;
  NetworkLoss<Real> objective_;
  const VectorSpace& space_;
  std::vector<Real> w_;
  std::vector<Real> gradient_;
  std::unique_ptr<Optimizer<Real>> descent_;
  std::int64_t n_ = 0;
  std::vector<double> train_targets_;
  std::vector<double> test_targets_;
  std::vector<double> f0_test_;
  std::vector<double> linear_cross_;
  std::vector<double> kernel_at_start_;
  std::optional<LinearPrediction> infinite_;
  std::optional<LinearPrediction> linear_;
  double distance_at_start_ = 0.0;
  std::vector<WidthRow> rows_;
  std::int64_t step_ = 0;
  std::string status_ = "finished";
  double earlier_s_ = 0.0;
  Stopwatch watch_;
  CheckpointClock checkpoints_{plan_.checkpoint_every_s};
};

}  // namespace

template <class Real>
WidthLimit width_limit(const Communicator& comm, const WidthSpec& plan, const DataSet<Real>& data) {
  FullyConnectedKernel kernel;
  kernel.depth = plan.depth;
  kernel.weight_variance = plan.model.weight_std * plan.model.weight_std;
  kernel.bias_variance = plan.model.bias_std * plan.model.bias_std;
  const FullyConnected<double> theta(kernel);
  const auto train_rows = widened<Real>(data.train.all_rows());
  const auto test_rows = widened<Real>(data.test.all_rows());
  const Samples<double> train{train_rows, data.train.shape()};
  const Samples<double> test{test_rows, data.test.shape()};
  WidthLimit limit;
  limit.train = kernel_matrix<double>(comm, theta, train, train);
  limit.cross = kernel_matrix<double>(comm, theta, test, train);
  const std::vector<double> none(static_cast<std::size_t>(data.train.size()), 0.0);
  limit.largest_eigenvalue = LinearPrediction(limit.train, none, 1).largest_eigenvalue();
  limit.learning_rate =
      plan.relative_rate * largest_stable_rate(limit.largest_eigenvalue, data.train.size());
  return limit;
}

template <class Real>
RunOutcome run_width(const Communicator& team, const WidthSpec& plan, const WidthRun& run,
                     const WidthLimit& limit, const DataSet<Real>& data, const RunFiles& files,
                     const StudyContext& context, const Log& log) {
  return Run<Real>(team, plan, run, limit, data, files, context, log).run();
}

template WidthLimit width_limit(const Communicator&, const WidthSpec&, const DataSet<float>&);
template WidthLimit width_limit(const Communicator&, const WidthSpec&, const DataSet<double>&);
template RunOutcome run_width(const Communicator&, const WidthSpec&, const WidthRun&,
                              const WidthLimit&, const DataSet<float>&, const RunFiles&,
                              const StudyContext&, const Log&);
template RunOutcome run_width(const Communicator&, const WidthSpec&, const WidthRun&,
                              const WidthLimit&, const DataSet<double>&, const RunFiles&,
                              const StudyContext&, const Log&);

}  // namespace thalweg
