#pragma once

#include "runs/study.hpp"

namespace thalweg {

/// A study of kind "trajectories" with [objective]: runs on an objective that needs no data, side
/// by side. `prepare` of study_kinds().
StudyBody prepare_objective_study(const Settings& settings, const StudyHeader& header,
                                  StudyContext& context);

}  // namespace thalweg
