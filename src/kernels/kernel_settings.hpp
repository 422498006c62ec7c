#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "kernels/kernel_choice.hpp"
#include "kernels/regression.hpp"
#include "settings/settings.hpp"

namespace thalweg {

/// What [kernel] and [regression] say.
enum class Precision {
  float64,
  float32,
  mixed,  ///< assembled and factored in float32, solved in float64
};

struct KernelSettings {
  KernelChoice kernel;
  RegressionOptions regression;
  Precision precision = Precision::float64;
  std::optional<bool> keep_gram;  ///< absent: by the number of training samples
  std::string reused_gram;        ///< file of another study's Gram matrix; empty: none

  /// Whether the Gram matrix of so many training samples is written to gram.h5.
  [[nodiscard]] bool keeps_matrix(std::int64_t train_samples) const;
};

/// The names that [kernel] type accepts.
std::vector<std::string> kernel_types();

/// The kernel that [kernel] describes (with [model], for type = "empirical"). Local. Throws
/// ConfigurationError.
KernelChoice kernel_choice(const Settings& study);

/// Reads [kernel], with precision, keep_gram and gram (a file to be reused), and [regression].
/// keep_gram defaults to true up to 20,000 training samples (a file of 3.2 GB whose lower half
/// takes space) and for convolutional kernels. Local. Throws ConfigurationError.
KernelSettings kernel_settings(const Settings& study, std::int64_t train_samples);

}  // namespace thalweg
