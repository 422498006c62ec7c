#pragma once

#include <map>
#include <string>
#include <vector>

#include "planning/network_calibration.hpp"
#include "planning/study_estimate.hpp"
#include "runs/run_calendar.hpp"

namespace thalweg {

/// What a group's runs cost, measured on its first one.
struct GroupEstimate {
  TrainingTrial trial;
  WorkUnit step;
  WorkUnit train_evaluation;
  WorkUnit test_evaluation;
  WorkUnit validation_evaluation;  ///< no items where nothing is held out
  WorkUnit end_gradient;
  std::map<std::string, WorkUnit> probes;
  std::map<std::string, std::string> probe_basis;
  double checkpoint_s = 0.0;
  double checkpoint_bytes = 0.0;
  double record_s = 0.0;
  double record_bytes = 0.0;
  double parameter_bytes = 0.0;  ///< of that
  double snapshot_s = 0.0;
  double snapshot_bytes = 0.0;
  std::vector<PlannedBytes> memory;
};

/// Trials of probes by the probe's name, taken over where another group has none of its own.
using ProbeTrials = std::map<std::string, ProbeTrial>;

/// Measures a group by a run of it, for teams of `team` ranks, with trials of at most so many
/// seconds; `trials` gets those of its probes. Local.
template <class Real>
GroupEstimate estimate_group(const RunSpec& run, const DataSet<Real>& data,
                             const PlanRequest& request, std::int64_t team, double seconds,
                             ProbeTrials& trials);

/// A run as work of one team, `rank` being what it is dealt out by. Local.
WorkTask task_of(const RunSpec& run, const GroupEstimate& group, std::int64_t samples);

/// How often a run of the group does what, in as many steps as are expected. Local.
RunCounts expected_counts(const RunSpec& run, const GroupEstimate& group, std::int64_t samples);

/// What a team's busiest rank holds while it makes such a run, besides program and samples. Local.
template <class Real>
std::vector<PlannedBytes> run_memory(NetworkCalibration<Real>& measured, const DataSet<Real>& data,
                                     const ProbeTrials& trials, std::int64_t team, bool one_node);

/// Program and samples on a rank: what every study holds. Local.
template <class Real>
std::vector<PlannedBytes> base_memory(const DataSet<Real>& data, double program_bytes,
                                      Placement placement, std::int64_t team);

/// "55 products, 3 gradients". Local.
[[nodiscard]] std::string counts_text(const ProbeTrial& trial);

}  // namespace thalweg
