#pragma once

#include "planning/study_estimate.hpp"

namespace thalweg {

/// A StudyEstimator of studies of kind "kernel".
StudyEstimate estimate_kernel(const Settings& settings, const StudyHeader& header,
                              PlanRequest& request);

}  // namespace thalweg
