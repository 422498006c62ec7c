#pragma once

#include "kernels/pointwise.hpp"
#include "settings/settings.hpp"

namespace thalweg {

/// Reads what belongs to a kernel named by pointwise_form_names(): length_scale of gaussian and
/// laplace (without it, it needs the median and takes median_factor), degree, depth (arccos), gamma
/// (absent: 1/features) and constant (polynomial). Local. Throws ConfigurationError naming file,
/// line and key.
PointwiseKernel pointwise_kernel(const Settings& table, PointwiseForm form);

}  // namespace thalweg
