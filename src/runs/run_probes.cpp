#include "runs/run_probes.hpp"

#include <algorithm>
#include <numeric>

#include "objectives/composed/double_precision.hpp"
#include "runs/run_network.hpp"

namespace thalweg {

template <class Real>
RunProbes<Real>::RunProbes(NetworkLoss<Real>& objective, const RunSpec& plan)
    : objective_(objective),
      training_(training_subset(plan.train, objective.data().train.size())) {}

template <class Real>
std::int64_t RunProbes<Real>::sample_count_of(const ProbeSpec& probe) const {
  if (probe.samples > 0) return probe.samples;
  const DataSet<Real>& data = objective_.data();
  if (probe.half == Half::test) return data.test.size();
  return training_.empty() ? data.train.size() : static_cast<std::int64_t>(training_.size());
}

template <class Real>
std::vector<std::int64_t> RunProbes<Real>::samples_of(const ProbeSpec& probe) const {
  if (probe.samples == 0 && probe.half == Half::train) return training_;
  std::vector<std::int64_t> samples(static_cast<std::size_t>(sample_count_of(probe)));
  std::iota(samples.begin(), samples.end(), 0);
  return samples;
}

template <class Real>
void RunProbes<Real>::look_at(const ProbeSpec& probe) {
  objective_.set_half(probe.half);
  objective_.set_statistics(probe.statistics);
}

template <class Real>
void RunProbes<Real>::begin(std::span<const ProbeSpec> probes, std::span<const Real> start) {
  DoublePrecision<Real> widened(objective_);
  const std::vector<double> point(start.begin(), start.end());
  for (const auto& plan : probes) {
    look_at(plan);
    plan.probe->begin(widened, point, samples_of(plan));
  }
  objective_.set_half(Half::train);
}

template <class Real>
Measurement RunProbes<Real>::measure(const ProbeSpec& probe, std::span<const Real> w,
                                     const TrainingState& state) {
  look_at(probe);
  DoublePrecision<Real> widened(objective_);
  const std::vector<double> point(w.begin(), w.end());
  probe.probe->observe(state);
  auto found = probe.probe->measure(widened, point, samples_of(probe));
  objective_.set_half(Half::train);
  return found;
}

template <class Real>
void RunProbes<Real>::describe(const ProbeSpec& probe, Record& record) const {
  auto& attributes = record.group_attributes["/probes/" + probe.name];
  attributes["statistics"] = probe.statistics == Statistics::batch ? "batch" : "frozen";
  attributes["data"] = probe.half == Half::test ? "test" : "train";
  attributes["samples"] = sample_count_of(probe);
  if (probe.draw_seed) attributes["draw_seed"] = static_cast<std::int64_t>(*probe.draw_seed);
  for (const auto& [name, value] : probe.probe->attributes()) attributes[name] = value;
}

TrainingState training_state(const OptimizerOptions& optimizer, const Schedule& schedule,
                             std::int64_t step) {
  TrainingState state;
  // The rate behind the last step is one that many a schedule would make 0.
  const std::int64_t last = std::max<std::int64_t>(0, schedule.steps() - 1);
  state.learning_rate = schedule.at(std::min(step, last)).learning_rate;
  state.threshold = optimizer.stability_threshold(state.learning_rate);
  return state;
}

template class RunProbes<float>;
template class RunProbes<double>;

}  // namespace thalweg
