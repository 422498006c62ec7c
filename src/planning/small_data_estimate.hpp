#pragma once

#include "planning/study_estimate.hpp"

namespace thalweg {

/// A StudyEstimator of studies of kind "small_data".
StudyEstimate estimate_small_data(const Settings& settings, const StudyHeader& header,
                                  PlanRequest& request);

}  // namespace thalweg
