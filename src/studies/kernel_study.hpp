#pragma once

#include "kernels/regression.hpp"
#include "studies/study.hpp"

namespace thalweg {

/// What [kernel] and [regression] say.
struct KernelSettings {
  FullyConnectedKernel kernel;
  Ridge ridge;
  bool single_precision = false;
  bool keep_gram = true;
};

/// Reads [kernel] (type, depth, input_scaling, trained, activation, weight_variance, bias_variance,
/// precision, keep_gram) and [regression] (ridge, ridge_mode). keep_gram defaults to true up to
/// 20,000 training samples (a file of 3.2 GB whose lower half takes space). Local. Throws
/// ConfigurationError.
KernelSettings kernel_settings(const Settings& study, std::int64_t train_samples);

/// The kind "kernel": kernel ridge regression with an infinitely wide network. Writes study.h5 and
/// gram.h5 and prints a table. `prepare` of study_kinds().
StudyBody prepare_kernel_study(const Settings& settings, const StudyHeader& header,
                               StudyContext& context);

}  // namespace thalweg
