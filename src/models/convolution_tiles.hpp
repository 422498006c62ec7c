#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "base/pack.hpp"

namespace thalweg {

/// Part of the sum of an output number that is one chain of fused multiply-adds from zero.
struct TapChunk {
  std::int64_t offset = 0;  ///< of its first input from the pixel's first one
  std::int64_t rows = 0;    ///< segments of `length` contiguous inputs
  std::int64_t length = 0;
  std::int64_t first = 0;  ///< number of its first tap among all
};

/// Where the taps of an output pixel are and in which order they are added up: tap k is row
/// k / row_length of the kernel and number k % row_length of a contiguous segment of the padded
/// input, channel fastest.
struct TapPlan {
  std::int64_t taps = 0;
  std::int64_t row_length = 0;
  std::int64_t row_stride = 0;   ///< numbers from one row of the padded input to the next
  std::int64_t outputs = 0;      ///< filters (or channels, backward)
  std::vector<TapChunk> chunks;  ///< in the order in which they are added

  /// Weight of tap k and output n: weights[tap_offset[k] + n · output_stride].
  std::vector<std::int64_t> tap_offset;
  std::int64_t output_stride = 0;
  std::int64_t inner =
      1;  ///< taps whose offsets are equally spaced (the channels of a kernel pixel)

  /// Cuts rows × row_length taps into chunks.
  static TapPlan of(std::int64_t rows, std::int64_t row_length, std::int64_t row_stride,
                    std::int64_t outputs);
};

/// First input of an output pixel, and where its outputs go.
struct PixelOffsets {
  std::int64_t in = 0;
  std::int64_t out = 0;
};

/// Numbers of the packed weights: taps × outputs padded to whole vectors.
template <class Real>
std::int64_t packed_size(const TapPlan& plan) {
  return plan.taps * ((plan.outputs + kLanes<Real> - 1) / kLanes<Real> * kLanes<Real>);
}

/// Packed order: blocks of up to four vectors of outputs; tap by tap inside. The padding is zero.
template <class Real>
void pack_taps(const TapPlan& plan, const Real* weights, Real* packed);

/// The inverse of pack_taps: writes to weights, or adds.
template <class Real>
void unpack_taps(const TapPlan& plan, const Real* packed, Real* weights, bool add);

/// out[pixel.out + n] = (or += with `accumulate`) Σ_k packed(k, n) in[pixel.in + offset of tap k].
template <class Real>
void correlate(const TapPlan& plan, const Real* packed, const Real* in,
               std::span<const PixelOffsets> pixels, Real* out, bool accumulate);

/// sums(k, n) = (or += with `add`) Σ_i in[pixels[i].in + offset of tap k] d_out[i · stride + n], in
/// packed order; one chain from zero in the order of the pixels. d_out has whole vectors of
/// outputs.
template <class Real>
void correlate_gradient(const TapPlan& plan, const Real* in, std::span<const PixelOffsets> pixels,
                        const Real* d_out, std::int64_t stride, Real* sums, bool add);

}  // namespace thalweg
