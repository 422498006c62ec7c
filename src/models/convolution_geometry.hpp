#pragma once

#include <cstdint>

namespace thalweg {

/// Sizes of a two-dimensional convolution (cross-correlation, as in PyTorch's Conv2d without
/// groups and dilation): the same stride and zero padding in both directions.
struct ConvolutionGeometry {
  std::int64_t channels = 0;
  std::int64_t height = 0;
  std::int64_t width = 0;
  std::int64_t filters = 0;
  std::int64_t kernel_height = 0;
  std::int64_t kernel_width = 0;
  std::int64_t stride = 1;
  std::int64_t padding = 0;

  [[nodiscard]] std::int64_t out_height() const {
    return (height + 2 * padding - kernel_height) / stride + 1;
  }
  [[nodiscard]] std::int64_t out_width() const {
    return (width + 2 * padding - kernel_width) / stride + 1;
  }
  /// Numbers of one input image, of one output image, of the weights.
  [[nodiscard]] std::int64_t inputs() const { return height * width * channels; }
  [[nodiscard]] std::int64_t outputs() const { return out_height() * out_width() * filters; }
  [[nodiscard]] std::int64_t weights() const {
    return filters * channels * kernel_height * kernel_width;
  }
  /// Is there a pixel of output?
  [[nodiscard]] bool is_valid() const {
    return channels > 0 && filters > 0 && height > 0 && width > 0 && kernel_height > 0 &&
           kernel_width > 0 && stride > 0 && padding >= 0 &&
           kernel_height <= height + 2 * padding && kernel_width <= width + 2 * padding;
  }
  /// Floating-point operations of one pass (forward, backward or weight gradient) over one image,
  /// those with padding included in forward and weight gradient.
  [[nodiscard]] double flops() const {
    return 2.0 * static_cast<double>(out_height() * out_width()) * static_cast<double>(weights());
  }

  friend bool operator==(const ConvolutionGeometry&, const ConvolutionGeometry&) = default;
};

}  // namespace thalweg
