#pragma once

#include "runs/study.hpp"

namespace thalweg {

/// Kind "trajectories": several runs side by side in teams, probes on them, slices between their
/// minima, and one summary. See StudyKind::prepare.
StudyBody prepare_trajectory_study(const Settings& settings, const StudyHeader& header,
                                   StudyContext& context);

}  // namespace thalweg
