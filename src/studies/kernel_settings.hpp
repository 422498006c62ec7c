#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "kernels/kernel_choice.hpp"
#include "kernels/regression.hpp"
#include "studies/settings.hpp"

namespace thalweg {

/// What [kernel] and [regression] say.
struct KernelSettings {
  KernelChoice kernel;
  Ridge ridge;
  bool single_precision = false;
  bool keep_gram = true;
};

/// The names that [kernel] type accepts.
std::vector<std::string> kernel_types();

/// The kernel that [kernel] describes (with [model], for type = "empirical"). Local. Throws
/// ConfigurationError.
KernelChoice kernel_choice(const Settings& study);

/// Reads [kernel] (type, depth, input_scaling, trained, activation, weight_variance, bias_variance,
/// precision, keep_gram) and [regression] (ridge, ridge_mode). keep_gram defaults to true up to
/// 20,000 training samples (a file of 3.2 GB whose lower half takes space). Local. Throws
/// ConfigurationError.
KernelSettings kernel_settings(const Settings& study, std::int64_t train_samples);

}  // namespace thalweg
