#pragma once

#include "planning/study_estimate.hpp"

namespace thalweg {

/// A StudyEstimator of studies of kind "trajectories".
StudyEstimate estimate_trajectories(const Settings& settings, const StudyHeader& header,
                                    PlanRequest& request);

}  // namespace thalweg
