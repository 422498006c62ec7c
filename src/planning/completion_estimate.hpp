#pragma once

#include "planning/study_estimate.hpp"

namespace thalweg {

/// A StudyEstimator of studies of kind "completion".
StudyEstimate estimate_completion(const Settings& settings, const StudyHeader& header,
                                  PlanRequest& request);

}  // namespace thalweg
