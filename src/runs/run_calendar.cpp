#include "runs/run_calendar.hpp"

namespace thalweg {

bool evaluation_due(const TrainOptions& train, const Schedule& schedule, std::int64_t step) {
  if (step == 0 || step == schedule.steps()) return true;
  const std::int64_t every = train.evaluate_every;
  return every > 0 ? step % every == 0 : schedule.at(step).begin == 0;
}

bool probe_due(const ProbeSpec& probe, const Schedule& schedule, std::int64_t step) {
  if (probe.every_steps > 0 && step % probe.every_steps == 0) return true;
  if (probe.every_epochs == 0) return false;
  const Schedule::Step next = schedule.at(step);
  return next.begin == 0 && next.epoch % probe.every_epochs == 0;
}

bool snapshot_due(const TrainOptions& train, const Schedule& schedule, std::int64_t step) {
  if (train.snapshot_every_steps > 0) return step % train.snapshot_every_steps == 0;
  if (train.snapshot_every_epochs == 0) return false;
  const Schedule::Step next = schedule.at(step);
  return next.begin == 0 && next.epoch % train.snapshot_every_epochs == 0;
}

bool reaches_target(const TrainOptions& train, double train_loss, double accuracy) {
  return train.has_target() && (train.target_loss == 0.0 || train_loss <= train.target_loss) &&
         accuracy >= train.target_accuracy;
}

RunCounts counts_of(const RunSpec& plan, const Schedule& schedule, std::int64_t steps) {
  RunCounts counts;
  counts.steps = steps;
  counts.probes.assign(plan.probes.size(), 0);
  bool last_has_snapshot = false;
  std::vector<bool> last_has_probe(plan.probes.size(), false);
  for (std::int64_t step = 0; step <= steps; ++step) {
    const bool evaluated = step == steps || evaluation_due(plan.train, schedule, step);
    if (evaluated) ++counts.evaluations;
    last_has_snapshot = snapshot_due(plan.train, schedule, step);
    if (last_has_snapshot) ++counts.snapshots;
    for (std::size_t k = 0; k < plan.probes.size(); ++k) {
      last_has_probe[k] = probe_due(plan.probes[k], schedule, step);
      if (last_has_probe[k]) ++counts.probes[k];
    }
  }
  // The end has both, whether they are due or not.
  if (plan.train.has_snapshots() && !last_has_snapshot) ++counts.snapshots;
  for (std::size_t k = 0; k < plan.probes.size(); ++k) {
    if (!last_has_probe[k]) ++counts.probes[k];
  }
  return counts;
}

}  // namespace thalweg
