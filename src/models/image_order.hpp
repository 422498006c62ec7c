#pragma once

#include <memory>

#include "data/data_options.hpp"
#include "models/layer.hpp"

namespace thalweg {

/// Images in planes, as data sets have them (channels × height × width), to pixels, as the layers
/// of images want them (height × width × channels).
template <class Real>
std::unique_ptr<Layer<Real>> make_channels_last(const ImageShape& shape);

/// Pixels back to planes: the order in which PyTorch's Flatten hands images to a dense layer, so
/// that weights can be exchanged.
template <class Real>
std::unique_ptr<Layer<Real>> make_flatten(const ImageShape& shape);

}  // namespace thalweg
