#pragma once

#include "planning/study_estimate.hpp"

namespace thalweg {

/// A StudyEstimator of studies of kind "width".
StudyEstimate estimate_width(const Settings& settings, const StudyHeader& header,
                             PlanRequest& request);

}  // namespace thalweg
