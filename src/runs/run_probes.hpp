#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "objectives/network/network_loss.hpp"
#include "records/record.hpp"
#include "runs/run_settings.hpp"

namespace thalweg {

/// Probes on a run's network loss, while the run goes or at its stored points later: the same
/// question in both cases, so that the answers have the same bits.
template <class Real>
class RunProbes {
 public:
  /// Both must outlive this. Local.
  RunProbes(NetworkLoss<Real>& objective, const RunSpec& plan);

  /// Shows the probes where the run begins; parameters and running statistics are the initial
  /// ones. Collective over the objective's team.
  void begin(std::span<const ProbeSpec> probes, std::span<const Real> start);
  /// At w, with the running statistics that the network holds. Collective.
  [[nodiscard]] Measurement measure(const ProbeSpec& probe, std::span<const Real> w,
                                    const TrainingState& state);
  /// What /probes/NAME says of how it was measured. Local.
  void describe(const ProbeSpec& probe, Record& record) const;

 private:
  void look_at(const ProbeSpec& probe);
  [[nodiscard]] std::int64_t sample_count_of(const ProbeSpec& probe) const;
  [[nodiscard]] std::vector<std::int64_t> samples_of(const ProbeSpec& probe) const;

  NetworkLoss<Real>& objective_;
  std::vector<std::int64_t> training_;  // samples that are stepped on; empty: all
};

/// What an optimiser is about to do after `step` steps of a schedule: the rate of the next step and
/// the threshold that goes with it; without a preconditioner. After the last step the rate is that
/// of the last, for there is no next one. Local.
TrainingState training_state(const OptimizerOptions& optimizer, const Schedule& schedule,
                             std::int64_t step);

}  // namespace thalweg
