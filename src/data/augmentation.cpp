#include "data/augmentation.hpp"

#include <algorithm>

namespace thalweg {

template <class Real>
void augment_image(const Augmentation& augmentation, const ImageShape& shape, Stream& stream,
                   std::span<Real> image, std::span<Real> scratch) {
  std::int64_t down = 0;
  std::int64_t right = 0;
  if (augmentation.crop_padding > 0) {
    const auto places = static_cast<std::uint64_t>(2 * augmentation.crop_padding + 1);
    down = static_cast<std::int64_t>(stream.below(places)) - augmentation.crop_padding;
    right = static_cast<std::int64_t>(stream.below(places)) - augmentation.crop_padding;
  }
  const bool flip = augmentation.flip && stream.rademacher() > 0.0;
  std::copy(image.begin(), image.end(), scratch.begin());
  std::size_t at = 0;
  for (std::int64_t c = 0; c < shape.channels; ++c) {
    for (std::int64_t y = 0; y < shape.height; ++y) {
      for (std::int64_t x = 0; x < shape.width; ++x, ++at) {
        const std::int64_t from_y = y - down;
        const std::int64_t from_x = (flip ? shape.width - 1 - x : x) - right;
        const bool inside =
            from_y >= 0 && from_y < shape.height && from_x >= 0 && from_x < shape.width;
        image[at] = inside ? scratch[static_cast<std::size_t>(
                                 (c * shape.height + from_y) * shape.width + from_x)]
                           : Real{0};
      }
    }
  }
}

template void augment_image(const Augmentation&, const ImageShape&, Stream&, std::span<float>,
                            std::span<float>);
template void augment_image(const Augmentation&, const ImageShape&, Stream&, std::span<double>,
                            std::span<double>);

}  // namespace thalweg
