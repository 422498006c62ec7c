#pragma once

#include "planning/study_estimate.hpp"

namespace thalweg {

/// A StudyEstimator of studies of kind "uci".
StudyEstimate estimate_uci(const Settings& settings, const StudyHeader& header,
                           PlanRequest& request);

}  // namespace thalweg
