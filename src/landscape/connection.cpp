#include "landscape/connection.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <optional>
#include <utility>

#include "landscape/curve_training.hpp"
#include "landscape/point_values.hpp"
#include "landscape/segment.hpp"
#include "models/weight_matching.hpp"
#include "records/checkpoint.hpp"
#include "records/schema.hpp"
#include "runs/run_check.hpp"
#include "runs/run_network.hpp"

namespace thalweg {

namespace {

/// The highest rise of f(t) above the straight line between its ends; NaN where f is not finite.
double barrier(const std::vector<double>& t, const std::vector<double>& f) {
  double highest = 0.0;
  if (!std::all_of(f.begin(), f.end(), [](double value) { return std::isfinite(value); })) {
    return std::nan("");
  }
  for (std::size_t i = 0; i < t.size(); ++i) {
    highest = std::max(highest, f[i] - ((1.0 - t[i]) * f.front() + t[i] * f.back()));
  }
  return highest;
}

std::vector<double> errors(std::vector<double> accuracies) {
  for (auto& value : accuracies) value = 1.0 - value;
  return accuracies;
}

template <class Real>
class Connection final : public LandscapeWork<Real> {
 public:
  explicit Connection(ConnectionSpec plan)
      : plan_(std::move(plan)), t_(equally_spaced(0.0, 1.0, plan_.points)) {}

  std::string title() const override {
    return fmt::format("path {} ({}) from {} to {}", plan_.name, name_of(plan_.curve), plan_.from,
                       plan_.permuted_copy ? "its permuted copy" : plan_.to);
  }
  std::vector<std::string> runs() const override { return {plan_.from, plan_.to}; }

  void check(const std::vector<RunSpec>& all, const DataSet<Real>& data) const override {
    check_same_network("connection " + plan_.name, runs(), all, data);
    const RunSpec& run = run_named(all, plan_.from);
    try {
      if (plan_.bends > 0) {
        const std::int64_t samples = data.train.size();
        const RunSpec training = as_run(plan_, run);
        check_batches(training, samples, samples - held_out(run.train.validation, samples));
        check_schedule(training, samples);
      }
      if (plan_.aligned || plan_.permuted_copy) {
        check_chain_of_layers(run.model);
        static_cast<void>(hidden_units(network_of(run, data).parameters()));
      }
    } catch (const ConfigurationError& error) {
      throw ConfigurationError(fmt::format("connection {}: {}", plan_.name, error.what()));
    }
  }

  RunOutcome make(const Landscape<Real>& landscape) override {
    const RunSpec& network = landscape.run_named(plan_.from);
    const auto loss = make_network_loss(landscape.together, network, landscape.data);
    const auto from = final_point(landscape, plan_.from).parameters;
    auto to = final_point(landscape, plan_.to).parameters;
    const auto units = plan_.aligned || plan_.permuted_copy ? hidden_units(loss->parameter_blocks())
                                                            : std::vector<HiddenUnits>();
    if (plan_.permuted_copy) shuffle_units<Real>(to, units, plan_.seed);
    if (plan_.aligned) matching_ = match_weights<Real>(from, to, units, plan_.seed);
    CurveObjective<Real> curve(*loss, plan_.curve, plan_.bends, from, to);
    if (plan_.bends > 0) {
      auto trained = train_curve(landscape, kept_as(), plan_, *loss, curve);
      if (!trained) return RunOutcome::interrupted;
      trained_ = std::move(*trained);
    }
    controls_ = {from};
    for (std::int64_t bend = 0; bend < plan_.bends; ++bend) {
      const auto begin = trained_.control_points.begin() + bend * loss->dimension();
      controls_.emplace_back(begin, begin + loss->dimension());
    }
    controls_.push_back(to);
    PointEvaluation how;
    how.training = training_subset(network.train, landscape.data.train.size());
    const auto point_at = [&](std::int64_t i, std::span<Real> w) {
      curve.point(trained_.control_points, t_[static_cast<std::size_t>(i)], w);
    };
    return evaluate_points<Real>(landscape, kept_as(), network, how, plan_.points, point_at,
                                 values_)
               ? RunOutcome::done
               : RunOutcome::interrupted;
  }

  void write_to(Record& study) const override {
    const std::string group = "/connections/" + plan_.name;
    study.column(group + "/t", t_, "t", "1", "0 at the run `from`, 1 at the run `to`");
    values_.write_to(study, group, {plan_.points}, {"t"});
    const auto add = [&](const char* name, const std::vector<double>& f, const char* meaning) {
      study.scalar(group + "/" + name, barrier(t_, f), "1", meaning);
    };
    add("barrier_train_loss", values_.train_loss, "highest rise of the training loss");
    add("barrier_test_loss", values_.test_loss, "highest rise of the test loss");
    add("barrier_train_error", errors(values_.train_accuracy), "highest rise of training errors");
    add("barrier_test_error", errors(values_.test_accuracy), "highest rise of test errors");
    if (plan_.bends > 0) {
      study.column(group + "/training/step", trained_.step, "epoch", "1", "steps taken");
      study.column(group + "/training/loss", trained_.loss, "epoch", "1",
                   "mean over the epoch's steps of the loss at the t of each");
    }
    if (matching_) {
      study.scalar(group + "/distance_before", matching_->before, "1",
                   "distance of the ends' parameters as they were");
      study.scalar(group + "/distance_after", matching_->after, "1",
                   "distance after weight matching");
    }
    auto& attributes = study.group_attributes[group];
    attributes["from"] = plan_.from;
    attributes["to"] = plan_.to;
    attributes["permuted_copy"] = std::int64_t{plan_.permuted_copy ? 1 : 0};
    attributes["alignment"] = plan_.aligned ? "weights" : "none";
    attributes["curve"] = name_of(plan_.curve);
    attributes["bends"] = plan_.bends;
    attributes["seed"] = static_cast<std::int64_t>(plan_.seed);
    attributes["statistics"] = "re-estimated on the training set at every point";
  }

  void write_files(const StudyContext& context) const override {
    Record record;
    record.attributes = provenance_attributes(context.provenance);
    record.attributes["schema"] = kConnectionSchema;
    record.attributes["schema_version"] = kSchemaVersion;
    record.attributes["connection"] = plan_.name;
    for (std::size_t i = 0; i < controls_.size(); ++i) {
      record.column(fmt::format("/parameters/control{}", i), controls_[i], "parameter", "1",
                    "control point of the path, from its end `from` on");
    }
    write_record(context.output_folder + "/connections/" + plan_.name + ".h5", record);
  }

  void forget(const std::string& folder) const override {
    remove_kept_points(folder, kept_as());
    remove_checkpoint(folder + "/checkpoints/" + kept_as() + ".h5");
  }

  std::string table() const override {
    return fmt::format(
        "{:<24} {:<8} barrier: train loss {:.4g}, test loss {:.4g}, train error "
        "{:.4f}, test error {:.4f}\n",
        plan_.name, name_of(plan_.curve), barrier(t_, values_.train_loss),
        barrier(t_, values_.test_loss), barrier(t_, errors(values_.train_accuracy)),
        barrier(t_, errors(values_.test_accuracy)));
  }

 private:
  std::string kept_as() const { return "connection-" + plan_.name; }

  ConnectionSpec plan_;
  std::vector<double> t_;
  PointValues values_;
  TrainedCurve<Real> trained_;
  std::vector<std::vector<Real>> controls_;
  std::optional<WeightMatching> matching_;
};

}  // namespace

template <class Real>
std::unique_ptr<LandscapeWork<Real>> make_connection(const ConnectionSpec& plan) {
  return std::make_unique<Connection<Real>>(plan);
}

template std::unique_ptr<LandscapeWork<float>> make_connection(const ConnectionSpec&);
template std::unique_ptr<LandscapeWork<double>> make_connection(const ConnectionSpec&);

}  // namespace thalweg
