#pragma once

#include <cstdint>

namespace thalweg {

/// Sizes of a two-dimensional pooling of images height × width × channels. Padding is at most half
/// of the window, so that each window has a pixel of the image.
struct PoolingGeometry {
  std::int64_t channels = 0;
  std::int64_t height = 0;
  std::int64_t width = 0;
  std::int64_t window_height = 0;
  std::int64_t window_width = 0;
  std::int64_t stride = 1;
  std::int64_t padding = 0;

  [[nodiscard]] std::int64_t out_height() const {
    return (height + 2 * padding - window_height) / stride + 1;
  }
  [[nodiscard]] std::int64_t out_width() const {
    return (width + 2 * padding - window_width) / stride + 1;
  }
  [[nodiscard]] std::int64_t inputs() const { return height * width * channels; }
  [[nodiscard]] std::int64_t outputs() const { return out_height() * out_width() * channels; }
  [[nodiscard]] bool is_valid() const {
    return channels > 0 && height > 0 && width > 0 && window_height > 0 && window_width > 0 &&
           window_height * window_width <= 65536 && stride > 0 && padding >= 0 &&
           2 * padding <= window_height && 2 * padding <= window_width &&
           window_height <= height + 2 * padding && window_width <= width + 2 * padding;
  }
};

// All functions are Local, take images one after the other and a valid geometry. Sums are in a
// fixed order within an image, so its bits do not depend on the other images.

/// out = maxima of the windows, the padding left out; places (as many as outputs) = where in its
/// window, row · window_width + column, the first maximum stands. A NaN in a window is its maximum.
template <class Real>
void max_pool(const PoolingGeometry& geometry, const Real* in, std::int64_t images, Real* out,
              std::uint16_t* places);

/// d_in = Σ d_out over the windows whose maximum stands there.
template <class Real>
void max_pool_backward(const PoolingGeometry& geometry, const Real* d_out,
                       const std::uint16_t* places, std::int64_t images, Real* d_in);

/// out = in at the places: the derivative of max_pool along `in`.
template <class Real>
void max_pool_gather(const PoolingGeometry& geometry, const Real* in, const std::uint16_t* places,
                     std::int64_t images, Real* out);

/// out = means of the windows, the padding counted as zeros (PyTorch's default). Linear, so it is
/// its own derivative.
template <class Real>
void average_pool(const PoolingGeometry& geometry, const Real* in, std::int64_t images, Real* out);

/// d_in = the transpose of average_pool applied to d_out.
template <class Real>
void average_pool_backward(const PoolingGeometry& geometry, const Real* d_out, std::int64_t images,
                           Real* d_in);

}  // namespace thalweg
