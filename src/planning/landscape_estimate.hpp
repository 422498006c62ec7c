#pragma once

#include "landscape/landscape_works.hpp"
#include "planning/run_estimate.hpp"
#include "planning/study_estimate.hpp"

namespace thalweg {

/// What is to be computed around runs, and by whom.
struct LandscapeInput {
  const LandscapeSpecs& plans;
  const std::vector<RunSpec>& runs;
  Placement placement = Placement::node;
  std::int64_t team_size = 0;  ///< as [study] says
};

/// Adds slices, surfaces, paths and audits to an estimate: units measured at the start of the run
/// that they stand on, probes asked as often as in `trials`, which gets those that are missing.
/// Local.
template <class Real>
void add_landscape_estimate(const LandscapeInput& input, const DataSet<Real>& data,
                            const PlanRequest& request, ProbeTrials& trials,
                            StudyEstimate& estimate);

/// A StudyEstimator of studies of kind "surface" or "connection".
StudyEstimate estimate_landscape(const Settings& settings, const StudyHeader& header,
                                 PlanRequest& request);

}  // namespace thalweg
