#include "studies/run_probes.hpp"

#include <algorithm>
#include <numeric>

#include "objectives/widened.hpp"
#include "studies/run_network.hpp"

namespace thalweg {

template <class Real>
RunProbes<Real>::RunProbes(NetworkLoss<Real>& objective, const RunPlan& plan)
    : objective_(objective), training_(training_subset(plan.train, objective.sample_count())) {}

template <class Real>
std::int64_t RunProbes<Real>::training_count() const {
  return training_.empty() ? objective_.sample_count()
                           : static_cast<std::int64_t>(training_.size());
}

template <class Real>
std::vector<std::int64_t> RunProbes<Real>::samples_of(const ProbePlan& probe) const {
  if (probe.samples == 0) return training_;
  std::vector<std::int64_t> samples(
      static_cast<std::size_t>(std::min(probe.samples, training_count())));
  std::iota(samples.begin(), samples.end(), 0);
  return samples;
}

template <class Real>
void RunProbes<Real>::begin(std::span<const ProbePlan> probes, std::span<const Real> start) {
  Widened<Real> widened(objective_);
  const std::vector<double> point(start.begin(), start.end());
  for (const auto& plan : probes) {
    objective_.set_statistics(plan.statistics);
    plan.probe->begin(widened, point, samples_of(plan));
  }
}

template <class Real>
Measurement RunProbes<Real>::measure(const ProbePlan& probe, std::span<const Real> w,
                                     const TrainingState& state) {
  const auto samples = samples_of(probe);
  objective_.set_statistics(probe.statistics);
  Widened<Real> widened(objective_);
  const std::vector<double> point(w.begin(), w.end());
  probe.probe->observe(state);
  return probe.probe->measure(widened, point, samples);
}

template <class Real>
void RunProbes<Real>::describe(const ProbePlan& probe, Record& record) const {
  auto& attributes = record.group_attributes["/probes/" + probe.name];
  attributes["statistics"] = probe.statistics == Statistics::batch ? "batch" : "frozen";
  attributes["samples"] =
      probe.samples > 0 ? std::min(probe.samples, training_count()) : training_count();
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
