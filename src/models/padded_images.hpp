#pragma once

#include <algorithm>
#include <cstdint>

#include "base/aligned.hpp"

namespace thalweg {

/// How the images of a convolution are stored.
enum class ImageOrder {
  pixels,  ///< height × width × channels
  planes,  ///< channels × height × width, as CIFAR files are
};

/// A buffer of images with zeros around them: (blocks of channels) × height × width × (channels of
/// a block). Many channels are cut into blocks since pixels that are a power of two apart would
/// meet in few sets of the caches.
template <class Real>
class PaddedImages {
 public:
  PaddedImages() = default;
  /// Of images height × width × channels, `before` zeros at the top and at the left and so many
  /// rows and columns in all.
  PaddedImages(std::int64_t channels, std::int64_t height, std::int64_t width, ImageOrder order,
               std::int64_t before_y, std::int64_t before_x, std::int64_t rows,
               std::int64_t columns)
      : channels_(channels),
        height_(height),
        width_(width),
        order_(order),
        before_y_(before_y),
        before_x_(before_x),
        rows_(rows),
        columns_(columns),
        block_(block_of(channels)) {}

  [[nodiscard]] std::int64_t block() const { return block_; }
  [[nodiscard]] std::int64_t blocks() const { return channels_ / block_; }
  [[nodiscard]] std::int64_t row_stride() const { return columns_ * block_; }
  [[nodiscard]] std::int64_t block_stride() const { return rows_ * row_stride(); }
  [[nodiscard]] std::int64_t image_stride() const { return blocks() * block_stride(); }
  /// Where a pixel's first channel is.
  [[nodiscard]] std::int64_t offset(std::int64_t image, std::int64_t row,
                                    std::int64_t column) const {
    return image * image_stride() + row * row_stride() + column * block_;
  }

  /// Sets how many images `fill` may be given.
  void reserve(std::int64_t images) {
    if (!is_in_place()) buffer_.assign(static_cast<std::size_t>(images * image_stride()), Real{0});
  }

  /// The images in this layout: copied, or as they are where that is the same.
  const Real* fill(const Real* images, std::int64_t count) {
    if (is_in_place()) return images;
    for (std::int64_t i = 0; i < count; ++i) {
      const Real* image = images + i * channels_ * height_ * width_;
      for (std::int64_t y = 0; y < height_; ++y) {
        Real* to = buffer_.data() + offset(i, y + before_y_, before_x_);
        if (order_ == ImageOrder::planes) {
          copy_planes(image + y * width_, to);
        } else {
          copy_row(image + y * width_ * channels_, to);
        }
      }
    }
    return buffer_.data();
  }

 private:
  static std::int64_t block_of(std::int64_t channels) {
    constexpr std::int64_t most = 64;
    constexpr std::int64_t least = 16;
    if (channels <= most) return channels;
    for (std::int64_t block = most; block >= least; --block) {
      if (channels % block == 0) return block;
    }
    return channels;
  }

  [[nodiscard]] bool is_in_place() const {
    return order_ == ImageOrder::pixels && block_ == channels_ && rows_ == height_ &&
           columns_ == width_;
  }

  void copy_row(const Real* row, Real* to) const {
    if (block_ == channels_) {
      std::copy_n(row, width_ * channels_, to);
      return;
    }
    for (std::int64_t x = 0; x < width_; ++x) {
      for (std::int64_t b = 0; b < blocks(); ++b) {
        std::copy_n(row + x * channels_ + b * block_, block_, to + b * block_stride() + x * block_);
      }
    }
  }

  void copy_planes(const Real* row, Real* to) const {
    for (std::int64_t c = 0; c < channels_; ++c) {
      const Real* plane = row + c * height_ * width_;
      Real* target = to + c / block_ * block_stride() + c % block_;
      for (std::int64_t x = 0; x < width_; ++x) target[x * block_] = plane[x];
    }
  }

  std::int64_t channels_ = 1;
  std::int64_t height_ = 0;
  std::int64_t width_ = 0;
  ImageOrder order_ = ImageOrder::pixels;
  std::int64_t before_y_ = 0;
  std::int64_t before_x_ = 0;
  std::int64_t rows_ = 0;
  std::int64_t columns_ = 0;
  std::int64_t block_ = 1;
  AlignedVector<Real> buffer_;
};

}  // namespace thalweg
