#pragma once

#include "runs/study.hpp"

namespace thalweg {

/// The kind "width": finite nets of several widths and seeds, trained beside the infinitely wide
/// kernel's and the linearised net's predicted trajectories; distances against width with their
/// exponents. Writes runs/WIDTH-SEED.h5 and study.h5 and prints a table. `prepare` of
/// study_kinds().
StudyBody prepare_width_study(const Settings& settings, const StudyHeader& header,
                              StudyContext& context);

}  // namespace thalweg
