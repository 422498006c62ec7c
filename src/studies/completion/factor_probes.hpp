#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "objectives/factors/factor_chain.hpp"
#include "objectives/objective.hpp"
#include "probes/probe.hpp"
#include "probes/probe_rows.hpp"
#include "probes/probe_settings.hpp"

namespace thalweg {

/// A [[probe]] of a completion, and when it is asked.
struct FactorProbeSpec {
  NamedProbe named;
  std::int64_t every_points = 0;  ///< of /trajectory; 0: at the end alone
};

/// Reads [[probe]] of a completion, for one instance. Local. Throws ConfigurationError.
std::vector<FactorProbeSpec> read_factor_probes(const Settings& settings, DrawSeeds seeds);

/// Throws ConfigurationError, which names the file, where a probe makes no sense on such factors.
/// Local.
void check_factor_probes(const std::vector<FactorProbeSpec>& plans, const FactorChain& chain,
                         std::int64_t observations, const std::string& file);

/// The probes of one run, on the training loss as a function of its factors.
template <class Real>
class FactorProbes {
 public:
  /// All must outlive this; `rows` are the root's. Local.
  FactorProbes(const std::vector<FactorProbeSpec>& plans, Objective<Real>& objective,
               ProbeRows& rows);

  /// Shows the probes where the run begins. Collective over the objective's team.
  void begin(std::span<const Real> start);
  /// Goes on after so many points of the trajectory. Local.
  void resume(std::int64_t points) { points_ = points; }
  /// At a new point of the trajectory. Collective; asks those that are due.
  void measure(std::span<const Real> w, std::int64_t step, double time, const TrainingState& state);
  /// At the last point, which was measured: asks those that were not due. Collective.
  void finish(std::span<const Real> w, std::int64_t step, double time, const TrainingState& state);

 private:
  [[nodiscard]] bool was_due(const FactorProbeSpec& plan) const;
  void ask(const FactorProbeSpec& plan, std::span<const Real> w, std::int64_t step, double time,
           const TrainingState& state);

  const std::vector<FactorProbeSpec>* plans_;
  Objective<Real>* objective_;
  ProbeRows* rows_;
  std::int64_t points_ = 0;
};

}  // namespace thalweg
