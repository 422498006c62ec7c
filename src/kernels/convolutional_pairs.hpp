#pragma once

#include <cstdint>
#include <memory>
#include <span>

#include "kernels/convolutional.hpp"
#include "kernels/convolutional_images.hpp"

namespace thalweg {

/// Convolutional kernel values of pairs of images, and the buffers of one thread for them.
///
/// A convolution never mixes pixel pairs of different offsets p' − p, and ReLUs act pixel pair by
/// pixel pair: each offset is an image that passes through all layers alone while it is in cache.
/// kLanes of them go together, one a lane: for gap, offsets of neighbouring columns, where offset
/// dx ≥ 0 and dx − width share a lane (x' taken cyclically, sums do not cross the seam) and so fill
/// it; for flatten, which needs offset 0 alone, one image with kLanes others.
///
/// Work, 3×3, float, NTK, for kLanes pixel pairs of one layer: 17 multiplications or fused
/// operations (scales 4, polynomials 9, t³ and the results 4), 15 additions, minima and logic
/// operations (box sums 8), one square root. With M fused operations a second the ceiling is
/// fused_operations_of_pair / (kLanes M) seconds a pair, plus what padding lanes cost where width
/// is no multiple of kLanes. Traffic: the state, 8 bytes a pixel pair, is read and written once a
/// layer (8 kLanes bytes for each pixel of an offset image, up to 128 KiB of the second-level
/// cache), its rows are loaded three times; the scales are two numbers a pixel, layer and image.
template <class Real>
class ConvolutionalPairs {
 public:
  ConvolutionalPairs(const ConvolutionalKernel& kernel, const ImageShape& shape);
  ~ConvolutionalPairs();
  ConvolutionalPairs(const ConvolutionalPairs&) = delete;
  ConvolutionalPairs& operator=(const ConvolutionalPairs&) = delete;

  /// Numbers in a row of the second image of global_average_pool.
  [[nodiscard]] static std::int64_t cyclic_row_length(std::int64_t width);
  /// Local. K or Θ of two images; `row` has rows of `width` numbers, `column` of
  /// cyclic_row_length. Sums over pixel pairs are double precision, in a fixed order.
  [[nodiscard]] double global_average_pool(const CyclicImage<Real>& row,
                                           const CyclicImage<Real>& column);
  /// Local. K or Θ of one image with each of those in the lanes of `columns`: kLanes values.
  void flatten(const CyclicImage<Real>& row, const InterleavedImages<Real>& columns,
               std::span<double> values);

 private:
  struct Work;
  std::unique_ptr<Work> work_;
};

/// Multiplications and fused operations of a pair, padding lanes excluded: per pixel pair channels
/// + 1 for the input and 17 (NNGP alone: 10) a layer.
[[nodiscard]] double fused_operations_of_pair(const ConvolutionalKernel& kernel,
                                              const ImageShape& shape);

}  // namespace thalweg
