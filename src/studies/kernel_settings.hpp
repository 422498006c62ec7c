#pragma once

#include <cstdint>

#include "kernels/fully_connected.hpp"
#include "kernels/regression.hpp"
#include "studies/settings.hpp"

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

}  // namespace thalweg
