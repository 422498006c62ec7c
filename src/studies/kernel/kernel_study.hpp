#pragma once

#include "data/data_options.hpp"
#include "kernels/kernel_settings.hpp"
#include "runs/study.hpp"

namespace thalweg {

/// What a study of one kernel says.
struct KernelSpec {
  DataOptions data;
  KernelSettings chosen;
};

/// Reads it. Local. Throws ConfigurationError.
KernelSpec read_kernel_spec(const Settings& settings, const StudyHeader& header);

/// The kind "kernel": kernel ridge regression with an infinitely wide network. Writes study.h5 and
/// gram.h5 and prints a table. `prepare` of study_kinds().
StudyBody prepare_kernel_study(const Settings& settings, const StudyHeader& header,
                               StudyContext& context);

}  // namespace thalweg
