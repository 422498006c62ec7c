#pragma once

#include <string>
#include <utility>
#include <vector>

#include "runs/study.hpp"

namespace thalweg {

/// The [[run]] tables of a comparison: name, and the study's settings with the run's over them.
/// Local. Throws ConfigurationError.
std::vector<std::pair<std::string, Settings>> compared_kernels(const Settings& settings);

/// A kernel study with [[run]] tables: the same data and regression with several kernels, each
/// [[run]] overriding what it names (kernel.type = "gaussian"). Every run is a kernel study in a
/// folder of its own, OUTPUT/runs/NAME; OUTPUT/study.h5 holds the table over them and links to
/// them, and is made anew from whole parts, so that a killed comparison resumes part by part.
/// `prepare` of a kind; Collective body.
StudyBody prepare_kernel_comparison(const Settings& settings, const StudyHeader& header,
                                    StudyContext& context);

}  // namespace thalweg
