#include "studies/completion/factor_probes.hpp"

#include <fmt/format.h>

#include <set>
#include <utility>

#include "objectives/composed/double_precision.hpp"

namespace thalweg {

std::vector<FactorProbeSpec> read_factor_probes(const Settings& settings, DrawSeeds seeds) {
  std::vector<FactorProbeSpec> plans;
  std::set<std::string> names;
  for (const auto& table : settings.tables("probe")) {
    FactorProbeSpec plan{read_named_probe(table, seeds, ProbeSubject::objective, names)};
    plan.every_points = table.integer_at_least("every_points", 0, 0);
    plans.push_back(std::move(plan));
  }
  return plans;
}

void check_factor_probes(const std::vector<FactorProbeSpec>& plans, const FactorChain& chain,
                         std::int64_t observations, const std::string& file) {
  for (const auto& plan : plans) {
    try {
      plan.named.probe->check(chain.blocks(), observations);
    } catch (const ConfigurationError& error) {
      throw ConfigurationError(fmt::format("{}: [[probe]] '{}' at depth {}: {}", file,
                                           plan.named.name, chain.depth(), error.what()));
    }
  }
}

template <class Real>
FactorProbes<Real>::FactorProbes(const std::vector<FactorProbeSpec>& plans,
                                 Objective<Real>& objective, ProbeRows& rows)
    : plans_(&plans), objective_(&objective), rows_(&rows) {}

template <class Real>
void FactorProbes<Real>::begin(std::span<const Real> start) {
  DoublePrecision<Real> widened(*objective_);
  const std::vector<double> point(start.begin(), start.end());
  for (const auto& plan : *plans_) plan.named.probe->begin(widened, point, {});
}

/// Of the newest point.
template <class Real>
bool FactorProbes<Real>::was_due(const FactorProbeSpec& plan) const {
  return plan.every_points > 0 && (points_ - 1) % plan.every_points == 0;
}

template <class Real>
void FactorProbes<Real>::measure(std::span<const Real> w, std::int64_t step, double time,
                                 const TrainingState& state) {
  ++points_;
  for (const auto& plan : *plans_) {
    if (was_due(plan)) ask(plan, w, step, time, state);
  }
}

template <class Real>
void FactorProbes<Real>::finish(std::span<const Real> w, std::int64_t step, double time,
                                const TrainingState& state) {
  for (const auto& plan : *plans_) {
    if (!was_due(plan)) ask(plan, w, step, time, state);
  }
}

template <class Real>
void FactorProbes<Real>::ask(const FactorProbeSpec& plan, std::span<const Real> w,
                             std::int64_t step, double time, const TrainingState& state) {
  DoublePrecision<Real> widened(*objective_);
  const std::vector<double> point(w.begin(), w.end());
  plan.named.probe->observe(state);
  Measurement found = plan.named.probe->measure(widened, point, {});
  found.scalars.insert(found.scalars.begin(),
                       {"time", time, "1", "time of the flow, or steps times the learning rate"});
  rows_->add(plan.named.name, step, found);
}

template class FactorProbes<float>;
template class FactorProbes<double>;

}  // namespace thalweg
