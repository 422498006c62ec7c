#include "models/convolution_tiles.hpp"

#include <algorithm>
#include <array>
#include <utility>

namespace thalweg {

namespace {

/// A chain of fused multiply-adds ends at the first end of a row after this many taps.
constexpr std::int64_t kChunkTaps = 256;
/// Rows longer than this are cut.
constexpr std::int64_t kLongestChunk = 512;
/// Packed weights that stay in the second-level cache while the pixels go by.
constexpr std::int64_t kWeightBytes = std::int64_t{192} << 10;

// Register blocks, pixels (or taps) × vectors of outputs: as many accumulators as there are
// registers besides one row of weights and a broadcast; with few vectors, at least enough chains to
// cover the latency of the multiply-adds. A step of 6 × 4 with 64-byte vectors is 24 multiply-adds
// for 4 loads and 6 broadcasts, of 6 × 2 with 32-byte ones 12 for 2 and 6: 768 or 192 flops in
// float32 for 256 or 64 bytes of weights, which the second-level cache delivers. Beside sgemm of
// n = 2048 in the same run (bench_convolution; 32-byte vectors, one core, others busy), as shares
// of its rate: layers 3×3 and 5×5 of stride 1 and 16 to 512 channels .8 to 1.1 forward and in
// backward data, .8 to 1 in the weight gradient (.55 to .8 for images of 2×2, where writing the
// weights counts); 3 channels .7 to 1 forward, .55 to .75 in the gradient; 3×3 of stride 2 .7 to
// .85, .5 in backward data, whose sums are short; 1×1 of stride 2 .25 to .45: it waits for memory.
#if defined(__AVX512F__)
constexpr int kMostVectors = 4;
constexpr std::array<int, kMostVectors> kMostPixels{12, 12, 8, 6};
constexpr std::array<int, kMostVectors> kMostTaps{24, 12, 8, 6};
#else
constexpr int kMostVectors = 2;
constexpr std::array<int, kMostVectors> kMostPixels{8, 6};
constexpr std::array<int, kMostVectors> kMostTaps{12, 6};
#endif

template <class Real>
std::int64_t vectors_of(const TapPlan& plan) {
  return (plan.outputs + kLanes<Real> - 1) / kLanes<Real>;
}

/// Calls work(first vector, number of vectors) for the blocks of outputs, as equal as can be.
template <class Real, class Work>
void for_blocks(const TapPlan& plan, Work&& work) {
  const std::int64_t vectors = vectors_of<Real>(plan);
  const std::int64_t blocks = (vectors + kMostVectors - 1) / kMostVectors;
  for (std::int64_t block = 0; block < blocks; ++block) {
    const std::int64_t begin = vectors * block / blocks;
    work(begin, vectors * (block + 1) / blocks - begin);
  }
}

template <class Real>
using Tile = void (*)(const TapPlan& plan, std::span<const TapChunk> chunks, const Real* packed,
                      const Real* in, const PixelOffsets* pixels, Real* out, std::int64_t outputs,
                      bool accumulate);

/// P pixels × V vectors of outputs over some chunks. `outputs` of them count: a last vector that
/// sticks out goes through a buffer.
template <class Real, int P, int V>
void tile(const TapPlan& plan, std::span<const TapChunk> chunks, const Real* packed, const Real* in,
          const PixelOffsets* pixels, Real* out, std::int64_t outputs, bool accumulate) {
  constexpr std::int64_t width = V * kLanes<Real>;
  alignas(64) std::array<Real, P * width> buffer;
  std::array<const Real*, P> x;
  std::array<Real*, P> to;
  const bool whole = outputs == width;
  for (std::size_t p = 0; p < P; ++p) {
    x[p] = in + pixels[p].in;
    to[p] = whole ? out + pixels[p].out : buffer.data() + static_cast<std::int64_t>(p) * width;
    if (!whole && accumulate) std::copy_n(out + pixels[p].out, outputs, to[p]);
  }
  for (const TapChunk& chunk : chunks) {
    Pack<Real> sums[P][V] = {};
    const Real* w = packed + chunk.first * width;
    for (std::int64_t row = 0; row < chunk.rows; ++row) {
      const std::int64_t begin = chunk.offset + row * plan.row_stride;
      const std::int64_t end = begin + chunk.length;
      for (std::int64_t at = begin; at < end; ++at) {
        Pack<Real> weights[V];
#pragma GCC unroll 4
        for (int v = 0; v < V; ++v) weights[v] = load(w + v * kLanes<Real>);
        w += width;
#pragma GCC unroll 12
        for (int p = 0; p < P; ++p) {
          const Pack<Real> input = broadcast(x[static_cast<std::size_t>(p)][at]);
#pragma GCC unroll 4
          for (int v = 0; v < V; ++v) sums[p][v] = fma(input, weights[v], sums[p][v]);
        }
      }
    }
#pragma GCC unroll 12
    for (int p = 0; p < P; ++p) {
      Real* target = to[static_cast<std::size_t>(p)];
#pragma GCC unroll 4
      for (int v = 0; v < V; ++v) {
        Real* lanes = target + v * kLanes<Real>;
        store(lanes, accumulate ? load(lanes) + sums[p][v] : sums[p][v]);
      }
    }
    accumulate = true;
  }
  if (whole) return;
  for (std::size_t p = 0; p < P; ++p) std::copy_n(to[p], outputs, out + pixels[p].out);
}

template <class Real>
using GradientTile = void (*)(const Real* in, std::span<const PixelOffsets> pixels,
                              const Real* d_out, Real* sums, bool add);

/// P contiguous taps × V vectors of outputs over some pixels.
template <class Real, int P, int V>
void gradient_tile(const Real* in, std::span<const PixelOffsets> pixels, const Real* d_out,
                   Real* sums, bool add) {
  Pack<Real> part[P][V] = {};
  for (const PixelOffsets& pixel : pixels) {
    const Real* x = in + pixel.in;
    Pack<Real> d[V];
#pragma GCC unroll 4
    for (int v = 0; v < V; ++v) d[v] = load(d_out + v * kLanes<Real>);
    d_out += V * kLanes<Real>;
#pragma GCC unroll 24
    for (int p = 0; p < P; ++p) {
      const Pack<Real> input = broadcast(x[p]);
#pragma GCC unroll 4
      for (int v = 0; v < V; ++v) part[p][v] = fma(input, d[v], part[p][v]);
    }
  }
#pragma GCC unroll 24
  for (int p = 0; p < P; ++p) {
#pragma GCC unroll 4
    for (int v = 0; v < V; ++v) {
      Real* lanes = sums + (p * V + v) * kLanes<Real>;
      store(lanes, add ? load(lanes) + part[p][v] : part[p][v]);
    }
  }
}

/// The tiles of V vectors, of 1, 2, … pixels.
template <class Real, int V, int... P>
Tile<Real> tile_of(std::int64_t pixels, std::integer_sequence<int, P...> /*sizes*/) {
  static constexpr std::array<Tile<Real>, sizeof...(P)> tiles{tile<Real, P + 1, V>...};
  return tiles[static_cast<std::size_t>(pixels - 1)];
}
template <class Real, int V, int... P>
GradientTile<Real> gradient_tile_of(std::int64_t taps, std::integer_sequence<int, P...> /*sizes*/) {
  static constexpr std::array<GradientTile<Real>, sizeof...(P)> tiles{
      gradient_tile<Real, P + 1, V>...};
  return tiles[static_cast<std::size_t>(taps - 1)];
}

template <class Real, int V = kMostVectors>
Tile<Real> find_tile(std::int64_t vectors, std::int64_t pixels) {
  if constexpr (V > 1) {
    if (vectors < V) return find_tile<Real, V - 1>(vectors, pixels);
  }
  return tile_of<Real, V>(pixels, std::make_integer_sequence<int, kMostPixels[V - 1]>());
}
template <class Real, int V = kMostVectors>
GradientTile<Real> find_gradient_tile(std::int64_t vectors, std::int64_t taps) {
  if constexpr (V > 1) {
    if (vectors < V) return find_gradient_tile<Real, V - 1>(vectors, taps);
  }
  return gradient_tile_of<Real, V>(taps, std::make_integer_sequence<int, kMostTaps[V - 1]>());
}

/// Calls work(packed index, weight index) for all weights; a few channels at a time, since their
/// kernel pixels share cache lines in one order and are far apart in the other.
template <class Real, class Work>
void for_packed(const TapPlan& plan, Work&& work) {
  constexpr std::int64_t channels = 16;
  constexpr std::int64_t lanes = kLanes<Real>;
  for_blocks<Real>(plan, [&](std::int64_t first, std::int64_t vectors) {
    const std::int64_t width = vectors * lanes;
    const std::int64_t outputs = std::min(width, plan.outputs - first * lanes);
    for (std::int64_t begin = 0; begin < plan.inner; begin += channels) {
      const std::int64_t end = std::min(begin + channels, plan.inner);
      for (std::int64_t pixel = 0; pixel < plan.taps; pixel += plan.inner) {
        for (std::int64_t tap = pixel + begin; tap < pixel + end; ++tap) {
          const std::int64_t packed = first * lanes * plan.taps + tap * width;
          const std::int64_t weight =
              plan.tap_offset[static_cast<std::size_t>(tap)] + first * lanes * plan.output_stride;
          for (std::int64_t n = 0; n < outputs; ++n) {
            work(packed + n, weight + n * plan.output_stride);
          }
        }
      }
    }
  });
}

}  // namespace

void TapPlan::add_rows(std::int64_t offset, std::int64_t rows, std::int64_t length) {
  const std::int64_t together =
      std::clamp<std::int64_t>(kChunkTaps / length, 1, std::max<std::int64_t>(rows, 1));
  const std::int64_t pieces = (length + kLongestChunk - 1) / kLongestChunk;
  for (std::int64_t row = 0; row < rows; row += together) {
    for (std::int64_t piece = 0; piece < pieces; ++piece) {
      const std::int64_t begin = length * piece / pieces;
      chunks.push_back({offset + row * row_stride + begin, std::min(together, rows - row),
                        length * (piece + 1) / pieces - begin, taps + row * length + begin});
    }
  }
  taps += rows * length;
}

template <class Real>
void pack_taps(const TapPlan& plan, const Real* weights, Real* packed) {
  if (plan.outputs % kLanes<Real> != 0) std::fill_n(packed, packed_size<Real>(plan), Real{0});
  for_packed<Real>(plan, [&](std::int64_t to, std::int64_t from) { packed[to] = weights[from]; });
}

template <class Real>
void unpack_taps(const TapPlan& plan, const Real* packed, Real* weights, bool add) {
  for_packed<Real>(plan, [&](std::int64_t from, std::int64_t to) {
    weights[to] = add ? weights[to] + packed[from] : packed[from];
  });
}

template <class Real>
void correlate(const TapPlan& plan, const Real* packed, const Real* in,
               std::span<const PixelOffsets> pixels, Real* out, bool accumulate) {
  constexpr std::int64_t lanes = kLanes<Real>;
  const auto count = static_cast<std::int64_t>(pixels.size());
  const std::span<const TapChunk> all(plan.chunks);
  for_blocks<Real>(plan, [&](std::int64_t first, std::int64_t vectors) {
    const std::int64_t valid = std::min(vectors * lanes, plan.outputs - first * lanes);
    const std::int64_t most = kMostPixels[static_cast<std::size_t>(vectors - 1)];
    const Tile<Real> whole = find_tile<Real>(vectors, most);
    const std::int64_t tap_bytes = vectors * kPackBytes;
    for (std::size_t begin = 0; begin < all.size();) {
      std::size_t end = begin;
      std::int64_t bytes = 0;
      do {
        bytes += all[end].rows * all[end].length * tap_bytes;
        ++end;
      } while (end < all.size() &&
               bytes + all[end].rows * all[end].length * tap_bytes <= kWeightBytes);
      const auto chunks = all.subspan(begin, end - begin);
      const bool add = accumulate || begin > 0;
      const Real* weights = packed + first * lanes * plan.taps;
      Real* to = out + first * lanes;
      std::int64_t pixel = 0;
      for (; pixel + most <= count; pixel += most) {
        whole(plan, chunks, weights, in, pixels.data() + pixel, to, valid, add);
      }
      if (pixel < count) {
        find_tile<Real>(vectors, count - pixel)(plan, chunks, weights, in, pixels.data() + pixel,
                                                to, valid, add);
      }
      begin = end;
    }
  });
}

template <class Real>
const Real* pack_outputs(const TapPlan& plan, const Real* d_out, std::int64_t pixels,
                         AlignedVector<Real>& packed) {
  constexpr std::int64_t lanes = kLanes<Real>;
  const std::int64_t vectors = vectors_of<Real>(plan);
  if (vectors <= kMostVectors && plan.outputs == vectors * lanes) return d_out;
  packed.resize(static_cast<std::size_t>(pixels * vectors * lanes));
  for_blocks<Real>(plan, [&](std::int64_t first, std::int64_t block_vectors) {
    const std::int64_t width = block_vectors * lanes;
    const std::int64_t valid = std::min(width, plan.outputs - first * lanes);
    const Real* from = d_out + first * lanes;
    Real* to = packed.data() + first * lanes * pixels;
    for (std::int64_t i = 0; i < pixels; ++i, from += plan.outputs, to += width) {
      std::copy_n(from, valid, to);
      std::fill_n(to + valid, width - valid, Real{0});
    }
  });
  return packed.data();
}

template <class Real>
void correlate_gradient(const TapPlan& plan, const Real* in, std::span<const PixelOffsets> pixels,
                        const Real* d_out, Real* sums, bool add) {
  constexpr std::int64_t lanes = kLanes<Real>;
  const auto count = static_cast<std::int64_t>(pixels.size());
  for (const TapChunk& chunk : plan.chunks) {
    for_blocks<Real>(plan, [&](std::int64_t first, std::int64_t vectors) {
      const std::int64_t width = vectors * lanes;
      const std::int64_t most = kMostTaps[static_cast<std::size_t>(vectors - 1)];
      const std::int64_t tiles = (chunk.length + most - 1) / most;
      for (std::int64_t row = 0; row < chunk.rows; ++row) {
        const Real* x = in + chunk.offset + row * plan.row_stride;
        Real* to = sums + first * lanes * plan.taps + (chunk.first + row * chunk.length) * width;
        for (std::int64_t index = 0; index < tiles; ++index) {
          const std::int64_t begin = chunk.length * index / tiles;
          const std::int64_t taps = chunk.length * (index + 1) / tiles - begin;
          find_gradient_tile<Real>(vectors, taps)(x + begin, pixels, d_out + first * lanes * count,
                                                  to + begin * width, add);
        }
      }
    });
  }
}

template void pack_taps(const TapPlan&, const float*, float*);
template void unpack_taps(const TapPlan&, const float*, float*, bool);
template void correlate(const TapPlan&, const float*, const float*, std::span<const PixelOffsets>,
                        float*, bool);
template const float* pack_outputs(const TapPlan&, const float*, std::int64_t,
                                   AlignedVector<float>&);
template void correlate_gradient(const TapPlan&, const float*, std::span<const PixelOffsets>,
                                 const float*, float*, bool);
template void pack_taps(const TapPlan&, const double*, double*);
template void unpack_taps(const TapPlan&, const double*, double*, bool);
template void correlate(const TapPlan&, const double*, const double*, std::span<const PixelOffsets>,
                        double*, bool);
template const double* pack_outputs(const TapPlan&, const double*, std::int64_t,
                                    AlignedVector<double>&);
template void correlate_gradient(const TapPlan&, const double*, std::span<const PixelOffsets>,
                                 const double*, double*, bool);

}  // namespace thalweg
