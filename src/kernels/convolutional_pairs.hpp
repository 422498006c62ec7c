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
/// Work, ReLU, 3×3, float, per offset, pixel and layer: 17 multiplications or fused operations (r
/// 2, polynomials 9, t³ and the two results 3, K and Θ 3), 16 additions, extrema and logic
/// operations, one square root: 33 vector instructions a pack. Traffic: state 16 bytes in, 16 bytes
/// out, from the second-level cache (8 kLanes bytes a pixel), 64 bytes in the first-level one. With
/// M fused operations a second the ceiling of gap is 17 (height · width)² (convolutions − ½) / M
/// seconds a pair when width is a multiple of kLanes.
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

/// Arithmetic of a pair for planning: fused operations and multiplications that count for nothing
/// but results, padding lanes excluded.
[[nodiscard]] double fused_operations_of_pair(const ConvolutionalKernel& kernel,
                                              const ImageShape& shape);

}  // namespace thalweg
