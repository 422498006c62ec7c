#pragma once

#include <cstdint>
#include <vector>

#include "runs/run_settings.hpp"

namespace thalweg {

// What is due after how many steps of a run. Local.

/// Steps between two agreements on whether to stop or to checkpoint.
inline constexpr std::int64_t kAgreeEvery = 16;

/// Losses and accuracies: at the start, at the end and as [train] evaluate_every says.
[[nodiscard]] bool evaluation_due(const TrainOptions& train, const Schedule& schedule,
                                  std::int64_t step);
/// A probe, but for the one at the end: by its own every_epochs and every_steps, whether the losses
/// are evaluated there or not.
[[nodiscard]] bool probe_due(const ProbeSpec& probe, const Schedule& schedule, std::int64_t step);
/// A snapshot, but for the one at the end.
[[nodiscard]] bool snapshot_due(const TrainOptions& train, const Schedule& schedule,
                                std::int64_t step);

/// Whether a run with a target may end; `accuracy` is that of the samples which its target is
/// about.
[[nodiscard]] bool reaches_target(const TrainOptions& train, double train_loss, double accuracy);

/// How often things are done in a run of so many steps of its schedule, if no target ends it.
struct RunCounts {
  std::int64_t steps = 0;
  std::int64_t evaluations = 0;
  std::int64_t snapshots = 0;
  std::vector<std::int64_t> probes;  ///< of each [[probe]]
};
[[nodiscard]] RunCounts counts_of(const RunSpec& plan, const Schedule& schedule,
                                  std::int64_t steps);

}  // namespace thalweg
