#pragma once

#include <cstdint>
#include <span>

#include "base/philox.hpp"
#include "data/data_options.hpp"

namespace thalweg {

/// What is done to an image each time it is trained on (He et al. 2016 for CIFAR).
struct Augmentation {
  /// Moved by up to so many pixels in both directions, uniformly; what comes in at the edges is 0,
  /// which is the mean where data were centred. 0: not moved.
  std::int64_t crop_padding = 0;
  bool flip = false;  ///< mirrored left to right in half of the cases
  [[nodiscard]] bool is_on() const { return crop_padding > 0 || flip; }
};

/// Augments one image (channels × height × width) in place, by the stream's numbers; `scratch` has
/// the image's size. Local.
template <class Real>
void augment_image(const Augmentation& augmentation, const ImageShape& shape, Stream& stream,
                   std::span<Real> image, std::span<Real> scratch);

}  // namespace thalweg
