#pragma once

#include <string>

#include "kernels/pointwise.hpp"
#include "studies/settings.hpp"

namespace thalweg {

/// What a table says of a pointwise kernel.
struct PointwiseSettings {
  PointwiseKernel kernel;
  bool median = false;  ///< ℓ is median_distance of the training samples times median_factor
  double median_factor = 1.0;
};

/// Reads what belongs to a kernel named by pointwise_form_names(): length_scale of gaussian and
/// laplace (without it, median_factor times the median distance), degree, depth (arccos), gamma
/// (absent: 1/features) and constant (polynomial). Local. Throws ConfigurationError naming file,
/// line and key.
PointwiseSettings pointwise_settings(const Settings& table, PointwiseForm form);

}  // namespace thalweg
