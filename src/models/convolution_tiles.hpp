#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "base/aligned.hpp"
#include "base/pack.hpp"

namespace thalweg {

/// Part of the sum of an output number that is one chain of fused multiply-adds from zero.
struct TapChunk {
  std::int64_t offset = 0;  ///< of its first input from the pixel's first one
  std::int64_t rows = 0;    ///< segments of `length` contiguous inputs
  std::int64_t length = 0;
  std::int64_t first = 0;  ///< number of its first tap among all
};

/// Where the taps of an output pixel are and in which order they are added up: block of channels,
/// row of the kernel, then a contiguous segment of the padded input, channel fastest.
struct TapPlan {
  std::int64_t taps = 0;
  std::int64_t row_stride = 0;   ///< numbers from one row of the padded input to the next
  std::int64_t outputs = 0;      ///< filters (or channels, backward)
  std::vector<TapChunk> chunks;  ///< in the order in which they are added

  /// Weight of tap k and output n: weights[tap_offset[k] + n · output_stride].
  std::vector<std::int64_t> tap_offset;
  std::int64_t output_stride = 0;
  std::int64_t inner = 1;  ///< taps at a time whose offsets are equally spaced

  /// Appends rows × length taps, cut into chunks.
  void add_rows(std::int64_t offset, std::int64_t rows, std::int64_t length);
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

/// d_out (pixels × outputs) in the order in which correlate_gradient reads it: in blocks of outputs
/// as pack_taps makes them, pixel by pixel inside, padded with zeros. In place where that is the
/// same.
template <class Real>
const Real* pack_outputs(const TapPlan& plan, const Real* d_out, std::int64_t pixels,
                         AlignedVector<Real>& packed);

/// sums(k, n) = (or += with `add`) Σ_i in[pixels[i].in + offset of tap k] d_out(i, n), sums and
/// d_out packed; one chain from zero in the order of the pixels.
template <class Real>
void correlate_gradient(const TapPlan& plan, const Real* in, std::span<const PixelOffsets> pixels,
                        const Real* d_out, Real* sums, bool add);

}  // namespace thalweg
