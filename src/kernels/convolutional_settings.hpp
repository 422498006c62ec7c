#pragma once

#include "kernels/kernel_choice.hpp"
#include "settings/settings.hpp"

namespace thalweg {

/// The kernel of [kernel] type = "cntk" or "cnngp": depth (convolutions), kernel_size, readout,
/// trained, activation, weight_variance, bias_variance, input_scaling. An activation other than
/// relu takes the general path. Local. Throws ConfigurationError.
KernelChoice convolutional_kernel(const Settings& table, bool nngp);

/// The kernel of [kernel] type = "convnet", a net of any shape: `layers`, a list of "conv K [stride
/// S] [pad P] [fixed]" (padding (K − 1)/2 unless given), "avgpool K [stride S]" (stride K unless
/// given), an activation's name, "flatten", "gap" and "dense [fixed]". Local. Throws
/// ConfigurationError naming the layer.
KernelChoice convolutional_net_kernel(const Settings& table);

}  // namespace thalweg
