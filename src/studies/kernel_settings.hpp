#pragma once

#include <cstdint>

#include "kernels/kernel_choice.hpp"
#include "kernels/regression.hpp"
#include "studies/settings.hpp"

namespace thalweg {

/// What [kernel] and [regression] say.
struct KernelSettings {
  KernelChoice kernel;
  RegressionOptions regression;
  bool single_precision = false;
  bool mixed_precision = false;
  bool keep_gram = true;
};

/// The kernel that a [kernel] table describes. Local. Throws ConfigurationError.
KernelChoice kernel_choice(const Settings& table);

/// Reads [kernel] (type, depth, input_scaling, trained, activation, weight_variance, bias_variance,
/// precision, keep_gram) and [regression] (regression_options). keep_gram defaults to true up to
/// 20,000 training samples (a file of 3.2 GB whose lower half takes space). Local. Throws
/// ConfigurationError.
KernelSettings kernel_settings(const Settings& study, std::int64_t train_samples);

}  // namespace thalweg
