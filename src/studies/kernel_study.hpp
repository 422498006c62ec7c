#pragma once

#include "studies/study.hpp"

namespace thalweg {

/// The kind "kernel": kernel ridge regression with an infinitely wide network. Writes study.h5 and
/// gram.h5 and prints a table. `prepare` of study_kinds().
StudyBody prepare_kernel_study(const Settings& settings, const StudyHeader& header,
                               StudyContext& context);

}  // namespace thalweg
