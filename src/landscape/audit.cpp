#include "landscape/audit.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <utility>

#include "models/hidden_units.hpp"
#include "runs/run_check.hpp"
#include "runs/run_network.hpp"
#include "runs/run_probes.hpp"

namespace thalweg {

namespace {

/// A hidden layer's axes are its weights, its bias or a norm's two vectors, and what reads it.
bool has_norm(const HiddenUnits& layer) {
  constexpr std::size_t with_norm = 4;
  return layer.axes.size() == with_norm;
}

template <class Real>
void scale(std::span<Real> w, const HiddenUnits& layer, const HiddenUnits::Axis& axis,
           double factor) {
  const auto part = w.subspan(static_cast<std::size_t>(axis.offset),
                              static_cast<std::size_t>(axis.outer * layer.units * axis.inner));
  for (auto& value : part) value = static_cast<Real>(static_cast<double>(value) * factor);
}

/// What leaves the layer times α, and what reads it over α.
template <class Real>
void rescale_layer(std::span<Real> w, const HiddenUnits& layer, double alpha) {
  const std::size_t last = layer.axes.size() - 1;
  for (std::size_t a = has_norm(layer) ? 1 : 0; a < last; ++a) {
    scale(w, layer, layer.axes[a], alpha);
  }
  scale(w, layer, layer.axes[last], 1.0 / alpha);
}

/// The hidden layers that a plan is about. Throws ConfigurationError.
std::vector<HiddenUnits> layers_of(const AuditSpec& plan,
                                   const std::vector<ParameterBlock>& blocks) {
  const auto all = hidden_units(blocks);
  std::vector<HiddenUnits> chosen;
  std::string known;
  for (const auto& layer : all) {
    const std::string name = layer.name.substr(0, layer.name.rfind('.'));
    known += (known.empty() ? "" : ", ") + name;
    const bool unnamed = plan.rescaling == Rescaling::filter || chosen.empty();
    if (plan.layer.empty() ? unnamed : plan.layer == name) chosen.push_back(layer);
  }
  if (chosen.empty()) {
    throw ConfigurationError(
        fmt::format("layer: found \"{}\", expected a hidden layer: {}", plan.layer, known));
  }
  for (const auto& layer : chosen) {
    if (plan.rescaling == Rescaling::filter && !has_norm(layer)) {
      throw ConfigurationError(fmt::format(
          "scaling the filters of {} changes the function: there is no batch norm behind them",
          layer.name));
    }
  }
  return chosen;
}

/// Is φ(αz) = αφ(z) for every activation of the model?
bool is_homogeneous(const ModelOptions& model) {
  const auto homogeneous = [](const std::string& name) {
    return name == "relu" || name == "leaky_relu" || name == "abs";
  };
  if (model.layers.empty()) return homogeneous(model.mlp.activation);
  return std::all_of(model.layers.begin(), model.layers.end(), [&](const LayerSpec& layer) {
    return layer.kind != LayerSpec::Kind::activation || homogeneous(layer.activation);
  });
}

template <class Real>
class Audit final : public LandscapeWork<Real> {
 public:
  explicit Audit(AuditSpec plan) : plan_(std::move(plan)) {}

  std::string title() const override {
    return fmt::format("audit {} of {}: {} by {} factors", plan_.name, plan_.run,
                       name_of(plan_.rescaling), plan_.factors.size());
  }
  std::vector<std::string> runs() const override { return {plan_.run}; }

  void check(const std::vector<RunSpec>& all, const DataSet<Real>& data) const override {
    const RunSpec& run = run_named(all, plan_.run);
    try {
      if (run.probes.empty()) {
        throw ConfigurationError("there is no [[probe]], so nothing to be compared");
      }
      if (plan_.rescaling == Rescaling::alpha && !is_homogeneous(run.model)) {
        throw ConfigurationError(
            "(α, 1/α) leaves the function alone where φ(αz) = αφ(z): relu, leaky_relu or abs");
      }
      check_chain_of_layers(run.model);
      static_cast<void>(layers_of(plan_, network_of(run, data).parameters()));
    } catch (const ConfigurationError& error) {
      throw ConfigurationError(fmt::format("audit {}: {}", plan_.name, error.what()));
    }
  }

  RunOutcome make(const Landscape<Real>& landscape) override {
    const RunSpec& run = landscape.run_named(plan_.run);
    const auto loss = make_network_loss(landscape.together, run, landscape.data);
    const auto layers = layers_of(plan_, loss->parameter_blocks());
    const auto end = final_point(landscape, plan_.run).parameters;
    const auto training = training_subset(run.train, landscape.data.train.size());
    RunProbes<Real> probes(*loss, run);
    static_cast<void>(loss->reestimate_statistics(end, training));
    probes.begin(run.probes, std::span<const Real>(end));
    loss->set_statistics(Statistics::batch);
    const auto before = loss->outputs(end, training);
    for (const double factor : plan_.factors) {
      auto w = end;
      for (const auto& layer : layers) rescale(w, layer, factor);
      train_loss_.push_back(loss->reestimate_statistics(w, training).loss);
      loss->set_statistics(Statistics::batch);
      function_change_.push_back(largest_change(before, loss->outputs(w, training)));
      measure(probes, run, w);
      if (landscape.context.world.any(landscape.context.time_to_stop()))
        return RunOutcome::interrupted;
    }
    return RunOutcome::done;
  }

  void write_to(Record& study) const override {
    const std::string group = "/audits/" + plan_.name;
    study.column(group + "/factor", plan_.factors, "point", "1", "α");
    study.column(group + "/train_loss", train_loss_, "point", "1",
                 "mean loss on the training samples");
    study.column(group + "/function_change", function_change_, "point", "1",
                 "largest change of an output on a training sample");
    for (const auto& measure : measures_) {
      study.column(group + "/" + measure.name, measure.values, "point", measure.units,
                   measure.long_name);
    }
    auto& attributes = study.group_attributes[group];
    attributes["run"] = plan_.run;
    attributes["transformation"] = name_of(plan_.rescaling);
    attributes["layer"] = plan_.layer.empty()
                              ? (plan_.rescaling == Rescaling::alpha ? "first hidden" : "all")
                              : plan_.layer;
    attributes["statistics"] = "re-estimated on the training set at every point";
  }

  void forget(const std::string& /*folder*/) const override {}

  /// A row a measure, a column a factor.
  std::string table() const override {
    std::string text =
        fmt::format("{}: {} by {} … {}, outputs change by {:.1e}\n", plan_.name,
                    name_of(plan_.rescaling), plan_.factors.front(), plan_.factors.back(),
                    *std::max_element(function_change_.begin(), function_change_.end()));
    for (const auto& measure : measures_) {
      if (is_check(measure.name.substr(measure.name.rfind('.') + 1))) continue;
      text += fmt::format("  {:<40}", measure.name);
      for (const double value : measure.values) text += fmt::format("{:>12.4g}", value);
      text += '\n';
    }
    return text;
  }

 private:
  struct Measure {
    std::string name;
    std::string units;
    std::string long_name;
    std::vector<double> values;
  };

  void rescale(std::vector<Real>& w, const HiddenUnits& layer, double factor) const {
    if (plan_.rescaling == Rescaling::alpha) {
      rescale_layer<Real>(w, layer, factor);
    } else {
      scale<Real>(w, layer, layer.axes.front(), factor);
    }
  }

  static double largest_change(const std::vector<Real>& before, const std::vector<Real>& after) {
    double largest = 0.0;
    for (std::size_t i = 0; i < before.size(); ++i) {
      largest = std::max(largest,
                         std::abs(static_cast<double>(after[i]) - static_cast<double>(before[i])));
    }
    return largest;
  }

  void measure(RunProbes<Real>& probes, const RunSpec& run, const std::vector<Real>& w) {
    const bool first = measures_.empty();
    std::size_t at = 0;
    for (const auto& probe : run.probes) {
      for (const auto& found : probes.measure(probe, w, TrainingState{}).scalars) {
        if (first) {
          measures_.push_back({probe.name + "." + found.name, found.units, found.long_name, {}});
        }
        measures_[at++].values.push_back(found.value);
      }
    }
  }

  AuditSpec plan_;
  std::vector<double> train_loss_;
  std::vector<double> function_change_;
  std::vector<Measure> measures_;
};

}  // namespace

template <class Real>
std::unique_ptr<LandscapeWork<Real>> make_audit(const AuditSpec& plan) {
  return std::make_unique<Audit<Real>>(plan);
}

template std::unique_ptr<LandscapeWork<float>> make_audit(const AuditSpec&);
template std::unique_ptr<LandscapeWork<double>> make_audit(const AuditSpec&);

}  // namespace thalweg
