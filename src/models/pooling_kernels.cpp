#include "models/pooling_kernels.hpp"

#include <algorithm>
#include <array>
#include <type_traits>

namespace thalweg {

namespace {

/// Channels whose running maxima and places stay in registers or first-level cache.
constexpr std::int64_t kChannels = 64;

/// Integers as wide as the numbers they are chosen with: loops over both become vectors.
template <class Real>
using IndexPlace = std::conditional_t<std::is_same_v<Real, float>, std::int32_t, std::int64_t>;

/// Calls work(first number of the window's output, window) for all windows of an image, in order;
/// window(tap) visits the pixels of the image in the window, tap(place, first number of the pixel).
template <class Work>
void for_windows(const PoolingGeometry& g, Work&& work) {
  for (std::int64_t oy = 0; oy < g.out_height(); ++oy) {
    const std::int64_t top = oy * g.stride - g.padding;
    for (std::int64_t ox = 0; ox < g.out_width(); ++ox) {
      const std::int64_t left = ox * g.stride - g.padding;
      work((oy * g.out_width() + ox) * g.channels, [&, top, left](auto&& tap) {
        const std::int64_t bottom = std::min(top + g.window_height, g.height);
        const std::int64_t right = std::min(left + g.window_width, g.width);
        for (std::int64_t y = std::max<std::int64_t>(top, 0); y < bottom; ++y) {
          for (std::int64_t x = std::max<std::int64_t>(left, 0); x < right; ++x) {
            tap((y - top) * g.window_width + x - left, (y * g.width + x) * g.channels);
          }
        }
      });
    }
  }
}

}  // namespace

template <class Real>
void max_pool(const PoolingGeometry& g, const Real* in, std::int64_t images, Real* out,
              std::uint16_t* places) {
  for (std::int64_t i = 0; i < images;
       ++i, in += g.inputs(), out += g.outputs(), places += g.outputs()) {
    for_windows(g, [&](std::int64_t to, auto&& window) {
      for (std::int64_t begin = 0; begin < g.channels; begin += kChannels) {
        const std::int64_t count = std::min(kChannels, g.channels - begin);
        std::array<Real, kChannels> best;
        std::array<IndexPlace<Real>, kChannels> where;
        Real* largest = best.data();
        IndexPlace<Real>* at = where.data();
        bool first = true;
        window([&](std::int64_t place, std::int64_t from) {
          const Real* values = in + from + begin;
          const auto here = static_cast<IndexPlace<Real>>(place);
          if (first) {
            std::copy_n(values, count, largest);
            std::fill_n(at, count, here);
            first = false;
            return;
          }
#pragma omp simd
          for (std::int64_t c = 0; c < count; ++c) {
            // Larger, or the first NaN: no comparison with a NaN holds.
            const bool taken = !(values[c] <= largest[c]) & (largest[c] == largest[c]);
            largest[c] = taken ? values[c] : largest[c];
            at[c] = taken ? here : at[c];
          }
        });
        std::copy_n(largest, count, out + to + begin);
        for (std::int64_t c = 0; c < count; ++c) {
          places[to + begin + c] = static_cast<std::uint16_t>(at[c]);
        }
      }
    });
  }
}

template <class Real>
void max_pool_backward(const PoolingGeometry& g, const Real* d_out, const std::uint16_t* places,
                       std::int64_t images, Real* d_in) {
  std::fill_n(d_in, images * g.inputs(), Real{0});
  for (std::int64_t i = 0; i < images;
       ++i, d_in += g.inputs(), d_out += g.outputs(), places += g.outputs()) {
    for_windows(g, [&](std::int64_t to, auto&& window) {
      for (std::int64_t begin = 0; begin < g.channels; begin += kChannels) {
        const std::int64_t count = std::min(kChannels, g.channels - begin);
        std::array<IndexPlace<Real>, kChannels> where;
        IndexPlace<Real>* at = where.data();
        for (std::int64_t c = 0; c < count; ++c) at[c] = places[to + begin + c];
        const Real* d = d_out + to + begin;
        window([&](std::int64_t place, std::int64_t from) {
          Real* sums = d_in + from + begin;
          const auto here = static_cast<IndexPlace<Real>>(place);
#pragma omp simd
          for (std::int64_t c = 0; c < count; ++c) sums[c] += at[c] == here ? d[c] : Real{0};
        });
      }
    });
  }
}

template <class Real>
void max_pool_gather(const PoolingGeometry& g, const Real* in, const std::uint16_t* places,
                     std::int64_t images, Real* out) {
  for (std::int64_t i = 0; i < images;
       ++i, in += g.inputs(), out += g.outputs(), places += g.outputs()) {
    for_windows(g, [&](std::int64_t to, auto&& window) {
      for (std::int64_t begin = 0; begin < g.channels; begin += kChannels) {
        const std::int64_t count = std::min(kChannels, g.channels - begin);
        std::array<IndexPlace<Real>, kChannels> where;
        IndexPlace<Real>* at = where.data();
        for (std::int64_t c = 0; c < count; ++c) at[c] = places[to + begin + c];
        Real* target = out + to + begin;
        window([&](std::int64_t place, std::int64_t from) {
          const Real* values = in + from + begin;
          const auto here = static_cast<IndexPlace<Real>>(place);
#pragma omp simd
          for (std::int64_t c = 0; c < count; ++c) {
            target[c] = at[c] == here ? values[c] : target[c];
          }
        });
      }
    });
  }
}

template <class Real>
void average_pool(const PoolingGeometry& g, const Real* in, std::int64_t images, Real* out) {
  const auto count = static_cast<Real>(g.window_height * g.window_width);
  for (std::int64_t i = 0; i < images; ++i, in += g.inputs(), out += g.outputs()) {
    for_windows(g, [&](std::int64_t to, auto&& window) {
      Real* sums = out + to;
      std::fill_n(sums, g.channels, Real{0});
      window([&](std::int64_t /*place*/, std::int64_t from) {
        const Real* values = in + from;
#pragma omp simd
        for (std::int64_t c = 0; c < g.channels; ++c) sums[c] += values[c];
      });
      for (std::int64_t c = 0; c < g.channels; ++c) sums[c] /= count;
    });
  }
}

template <class Real>
void average_pool_backward(const PoolingGeometry& g, const Real* d_out, std::int64_t images,
                           Real* d_in) {
  const auto count = static_cast<Real>(g.window_height * g.window_width);
  std::fill_n(d_in, images * g.inputs(), Real{0});
  for (std::int64_t i = 0; i < images; ++i, d_in += g.inputs(), d_out += g.outputs()) {
    for_windows(g, [&](std::int64_t to, auto&& window) {
      const Real* d = d_out + to;
      window([&](std::int64_t /*place*/, std::int64_t from) {
        Real* sums = d_in + from;
#pragma omp simd
        for (std::int64_t c = 0; c < g.channels; ++c) sums[c] += d[c] / count;
      });
    });
  }
}

template void max_pool(const PoolingGeometry&, const float*, std::int64_t, float*, std::uint16_t*);
template void max_pool_backward(const PoolingGeometry&, const float*, const std::uint16_t*,
                                std::int64_t, float*);
template void max_pool_gather(const PoolingGeometry&, const float*, const std::uint16_t*,
                              std::int64_t, float*);
template void average_pool(const PoolingGeometry&, const float*, std::int64_t, float*);
template void average_pool_backward(const PoolingGeometry&, const float*, std::int64_t, float*);
template void max_pool(const PoolingGeometry&, const double*, std::int64_t, double*,
                       std::uint16_t*);
template void max_pool_backward(const PoolingGeometry&, const double*, const std::uint16_t*,
                                std::int64_t, double*);
template void max_pool_gather(const PoolingGeometry&, const double*, const std::uint16_t*,
                              std::int64_t, double*);
template void average_pool(const PoolingGeometry&, const double*, std::int64_t, double*);
template void average_pool_backward(const PoolingGeometry&, const double*, std::int64_t, double*);

}  // namespace thalweg
