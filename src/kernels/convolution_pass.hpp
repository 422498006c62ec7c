#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <vector>

#include "base/aligned.hpp"
#include "kernels/normalised_relu.hpp"
#include "kernels/pack.hpp"

namespace thalweg::detail {

// One convolution with the pointwise work before it, on kLanes images at once that lie lane by
// lane: cell (y, x) of the state is a pack of K and a pack of Θ. Neighbours are whole packs apart,
// so that box sums need no shuffles. What the lanes are is the caller's: offsets in x of one pair
// of images (gap) or several partners of one image (flatten).

/// What is done with Θ.
enum class ThetaRule {
  none,     ///< nothing: no layer up to this one is trained
  start,    ///< Θ ← K: this layer is the first that is trained
  advance,  ///< Θ ← box(…) + K
};

/// Buffers of one thread for images of a given size.
template <class Real>
struct ConvolutionScratch {
  ConvolutionScratch(std::int64_t height, std::int64_t width, std::int64_t radius)
      : row_length((width + 5) * 2 * kLanes<Real>),
        state(static_cast<std::size_t>(height * row_length)),
        ring(static_cast<std::size_t>((2 * radius + 1) * row_length)),
        zeros(static_cast<std::size_t>(row_length), Real{0}),
        unused(static_cast<std::size_t>(row_length)) {}
  std::int64_t row_length;
  AlignedVector<Real> state;
  AlignedVector<Real> ring;   ///< horizontal sums of the last 2·radius + 1 rows
  AlignedVector<Real> zeros;  ///< the rows beyond the edges
  AlignedVector<Real> unused;
};

/// Which lanes have columns c and c + d on the same side of the cyclic seam, for distances d =
/// 1..radius and c = −radius..width−1. Nothing beyond the edges is ever added but zeros.
template <class Real>
class SeamMasks {
 public:
  /// No seam.
  SeamMasks(std::int64_t width, std::int64_t radius)
      : radius_(radius),
        row_length_(width + radius),
        masks_(static_cast<std::size_t>(row_length_ * radius)) {}
  /// Lane l pairs column x of one image with column (x + first + l) mod width of the other.
  SeamMasks(std::int64_t width, std::int64_t radius, std::int64_t first)
      : SeamMasks(width, radius) {
    for (std::int64_t d = 1; d <= radius; ++d) {
      for (std::int64_t c = 0; c < width; ++c) {
        for (std::int64_t lane = 0; lane < kLanes<Real>; ++lane) {
          const std::int64_t partner = (c + first + lane) % width;
          masks_[static_cast<std::size_t>((d - 1) * row_length_ + radius + c)].set(
              lane, partner + d < width);
        }
      }
    }
  }
  /// Of distance d, to be indexed by the column.
  [[nodiscard]] const LaneMask<Real>* distance(std::int64_t d) const {
    return masks_.data() + (d - 1) * row_length_ + radius_;
  }

 private:
  std::int64_t radius_;
  std::int64_t row_length_;
  std::vector<LaneMask<Real>> masks_;
};

/// One row of the two images' scales in one layer: √(variance·factor/2) and 1/√variance, a number a
/// column of the first image, a pack a column of the second.
template <class Real>
struct ScaleRow {
  const Real* deviation;
  const Real* inverse;
  const Real* other_deviation;
  const Real* other_inverse;
  std::int64_t other_stride;
};

/// The ReLU: K and Θ of a cell → what the next layer sums up.
template <class Real, ThetaRule theta>
struct ReluRow {
  NormalisedRelu<Real> relu;
  ScaleRow<Real> scales;
  using Begun = typename NormalisedRelu<Real>::Begun;
  using Continued = typename NormalisedRelu<Real>::Continued;
  [[nodiscard]] Begun begin(std::int64_t x, const Real* cell) const {
    return relu.begin(load(cell) * (broadcast(scales.inverse[x]) *
                                    load(scales.other_inverse + x * scales.other_stride)));
  }
  [[nodiscard]] auto proceed(const Begun& begun) const { return relu.proceed(begun); }
  void finish(std::int64_t x, const Real* cell, const Continued& continued, Pack<Real>& k,
              Pack<Real>& t) const {
    k = (broadcast(scales.deviation[x]) *
         load(scales.other_deviation + x * scales.other_stride)) *
        continued.value;
    if constexpr (theta == ThetaRule::advance) {
      t = load(cell + kLanes<Real>) * relu.derivative(continued);
    }
  }
};

/// The product of the two inputs over the channels.
template <class Real>
struct ProductRow {
  const Real* pixels;        ///< channel 0, then every `plane` further the next
  const Real* other_pixels;  ///< likewise with other_plane
  std::int64_t plane;
  std::int64_t other_plane;
  std::int64_t other_stride;
  std::int64_t channels;
  Real factor;
  struct Nothing {};
  [[nodiscard]] Nothing begin(std::int64_t /*x*/, const Real* /*cell*/) const { return {}; }
  [[nodiscard]] Nothing proceed(Nothing /*begun*/) const { return {}; }
  void finish(std::int64_t x, const Real* /*cell*/, Nothing /*continued*/, Pack<Real>& k,
              Pack<Real>& /*t*/) const {
    Pack<Real> sum{};
    for (std::int64_t c = 0; c < channels; ++c) {
      sum = fma(broadcast(pixels[c * plane + x]),
                load(other_pixels + c * other_plane + x * other_stride), sum);
    }
    k = broadcast(factor) * sum;
  }
};

/// The sums over a row of windows of 2·radius + 1 columns, as columns come in.
template <class Real, int radius>
class RowWindow {
 public:
  void push(const Pack<Real>& value) {
    for (std::size_t i = 0; i + 1 < kSize; ++i) values_[i] = values_[i + 1];
    values_[kSize - 1] = value;
  }
  /// Of the column in the window's middle.
  [[nodiscard]] Pack<Real> sum(const std::array<const LaneMask<Real>*, radius + 1>& masks,
                               std::int64_t column) const {
    Pack<Real> sum = values_[radius];
    for (std::size_t d = 1; d <= radius; ++d) {
      sum = masks[d][column - static_cast<std::int64_t>(d)].add(sum, values_[radius - d]);
      sum = masks[d][column].add(sum, values_[radius + d]);
    }
    return sum;
  }

 private:
  static constexpr std::size_t kSize = 2 * radius + 1;
  std::array<Pack<Real>, kSize> values_{};
};

/// Of the rows that stand above the one just computed.
template <class Real, std::size_t n>
inline Pack<Real> sum_of(const std::array<const Real*, n>& rows, std::int64_t cell) {
  Pack<Real> sum = load(rows[0] + cell);
  for (std::size_t j = 1; j + 1 < n; ++j) sum = sum + load(rows[j] + cell);
  return sum;
}

/// state ← the convolution of what `source` makes of it, for `rows` rows of `width` columns.
/// source.row(y) begins and finishes the elements of a row. Each row is summed along x as it is
/// computed and added to the 2·radius rows before it, so that state is read and written once.
/// Local.
template <class Real, int radius, ThetaRule theta, class Source>
void convolve(const Source& source, std::int64_t rows, std::int64_t width,
              const SeamMasks<Real>& seam, ConvolutionScratch<Real>& scratch) {
  constexpr std::int64_t kCell = 2 * kLanes<Real>;
  constexpr std::int64_t kRing = 2 * radius + 1;
  constexpr bool kTheta = theta == ThetaRule::advance;
  const std::int64_t row_length = scratch.row_length;
  Real* const state = scratch.state.data();
  std::array<const LaneMask<Real>*, radius + 1> masks{};
  for (int d = 1; d <= radius; ++d) masks[static_cast<std::size_t>(d)] = seam.distance(d);
  // The horizontal sums of rows y − 2·radius … y − 1, y itself comes last.
  std::array<const Real*, kRing> before{};
  before.fill(scratch.zeros.data());
  const auto finish_cell = [&before](std::int64_t cell, Pack<Real> k, Pack<Real> t, Real* out) {
    if constexpr (radius > 0) {
      k = sum_of(before, cell) + k;
      if constexpr (kTheta) t = sum_of(before, cell + kLanes<Real>) + t;
    }
    store(out + cell, k);
    if constexpr (kTheta) store(out + cell + kLanes<Real>, t + k);
    if constexpr (theta == ThetaRule::start) store(out + cell + kLanes<Real>, k);
  };
  const auto next_row = [&before](const Real* sums) {
    for (std::size_t j = 0; j + 1 < 2 * radius; ++j) before[j] = before[j + 1];
    if constexpr (radius > 0) before[2 * radius - 1] = sums;
  };
  for (std::int64_t y = 0; y < rows; ++y) {
    const auto row = source.row(y);
    const Real* const from = state + y * row_length;
    Real* const sums = scratch.ring.data() + y % kRing * row_length;
    Real* const out = y >= radius ? state + (y - radius) * row_length : scratch.unused.data();
    RowWindow<Real, radius> k_window;
    RowWindow<Real, radius> t_window;
    const auto emit = [&](std::int64_t c) {
      const Pack<Real> k = k_window.sum(masks, c);
      Pack<Real> t{};
      store(sums + c * kCell, k);
      if constexpr (kTheta) {
        t = t_window.sum(masks, c);
        store(sums + c * kCell + kLanes<Real>, t);
      }
      finish_cell(c * kCell, k, t, out);
    };
    const std::int64_t last = width - 1;
    auto continued = row.proceed(row.begin(0, from));
    auto begun = row.begin(std::min<std::int64_t>(1, last),
                           from + std::min<std::int64_t>(1, last) * kCell);
    const auto take = [&](std::int64_t x) {
      const std::int64_t ahead = std::min(x + 2, last);
      const auto begun_next = row.begin(ahead, from + ahead * kCell);
      const auto continued_next = row.proceed(begun);
      Pack<Real> k{};
      Pack<Real> t{};
      row.finish(x, from + x * kCell, continued, k, t);
      begun = begun_next;
      continued = continued_next;
      k_window.push(k);
      if constexpr (kTheta) t_window.push(t);
    };
    std::int64_t x = 0;
    for (; x < std::min<std::int64_t>(radius, width); ++x) take(x);
    for (; x < radius; ++x) {
      k_window.push(Pack<Real>{});
      if constexpr (kTheta) t_window.push(Pack<Real>{});
    }
    for (; x < width; ++x) {
      take(x);
      emit(x - radius);
    }
    for (; x < width + radius; ++x) {
      k_window.push(Pack<Real>{});
      if constexpr (kTheta) t_window.push(Pack<Real>{});
      emit(x - radius);
    }
    next_row(sums);
  }
  for (std::int64_t y = rows; y < rows + radius; ++y) {
    if (y >= radius) {
      Real* const out = state + (y - radius) * row_length;
      for (std::int64_t x = 0; x < width; ++x) {
        finish_cell(x * kCell, Pack<Real>{}, Pack<Real>{}, out);
      }
    }
    next_row(scratch.zeros.data());
  }
}

/// Adds the variance of a layer's biases to K, and to Θ where the layer is trained. Local.
template <class Real>
void add_bias(Real bias_variance, bool trained, std::int64_t rows,
              ConvolutionScratch<Real>& scratch) {
  if (bias_variance == Real{0}) return;
  const Pack<Real> bias = broadcast(bias_variance);
  for (std::int64_t i = 0; i < rows * scratch.row_length; i += 2 * kLanes<Real>) {
    Real* k = scratch.state.data() + i;
    store(k, load(k) + bias);
    if (trained) store(k + kLanes<Real>, load(k + kLanes<Real>) + bias);
  }
}

}  // namespace thalweg::detail
