#pragma once

#include <memory>

#include "data/data_options.hpp"
#include "models/layer.hpp"

namespace thalweg {

/// Maxima over size × size windows of images with their channels last; the padding counts as
/// nothing.
template <class Real>
std::unique_ptr<Layer<Real>> make_max_pool(const ImageShape& shape, std::int64_t size,
                                           std::int64_t stride, std::int64_t padding);

/// Means over size × size windows; the padding counts as zeros, as in PyTorch.
template <class Real>
std::unique_ptr<Layer<Real>> make_average_pool(const ImageShape& shape, std::int64_t size,
                                               std::int64_t stride, std::int64_t padding);

/// The mean of each channel over the whole image.
template <class Real>
std::unique_ptr<Layer<Real>> make_global_average_pool(const ImageShape& shape);

}  // namespace thalweg
