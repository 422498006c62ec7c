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
      : row_length(width * 2 * kLanes<Real>),
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

/// For distance d = 1..radius and column c: which lanes have c and c + d on the same side of the
/// cyclic seam; entry (d − 1) width + c.
template <class Real>
using SeamMasks = std::vector<LaneMask<Real>>;

/// No seam.
template <class Real>
SeamMasks<Real> whole_masks(std::int64_t width, std::int64_t radius) {
  return SeamMasks<Real>(static_cast<std::size_t>(width * radius));
}

/// Lane l pairs column x of one image with column (x + first + l) mod width of the other.
template <class Real>
SeamMasks<Real> cyclic_masks(std::int64_t width, std::int64_t radius, std::int64_t first) {
  SeamMasks<Real> masks = whole_masks<Real>(width, radius);
  for (std::int64_t d = 1; d <= radius; ++d) {
    for (std::int64_t c = 0; c < width; ++c) {
      for (std::int64_t lane = 0; lane < kLanes<Real>; ++lane) {
        const std::int64_t partner = (c + first + lane) % width;
        masks[static_cast<std::size_t>((d - 1) * width + c)].set(lane, partner + d < width);
      }
    }
  }
  return masks;
}

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
  const NormalisedRelu<Real>& relu;
  ScaleRow<Real> scales;
  void operator()(std::int64_t x, const Real* cell, Pack<Real>& k, Pack<Real>& t) const {
    const std::int64_t other = x * scales.other_stride;
    const Pack<Real> correlation =
        load(cell) * (broadcast(scales.inverse[x]) * load(scales.other_inverse + other));
    Pack<Real> value;
    Pack<Real> derivative;
    relu(correlation, value, derivative);
    k = (broadcast(scales.deviation[x]) * load(scales.other_deviation + other)) * value;
    if constexpr (theta == ThetaRule::advance) t = load(cell + kLanes<Real>) * derivative;
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
  void operator()(std::int64_t x, const Real* /*cell*/, Pack<Real>& k, Pack<Real>& /*t*/) const {
    Pack<Real> sum{};
    for (std::int64_t c = 0; c < channels; ++c) {
      sum = fma(broadcast(pixels[c * plane + x]),
                load(other_pixels + c * other_plane + x * other_stride), sum);
    }
    k = broadcast(factor) * sum;
  }
};

/// The sums over a row of windows of 2·radius + 1 columns, as columns come in.
template <class Real, int radius, ThetaRule theta>
class RowWindow {
 public:
  void push(const Pack<Real>& k, const Pack<Real>& t) {
    for (std::size_t i = 0; i + 1 < kSize; ++i) k_[i] = k_[i + 1];
    k_[kSize - 1] = k;
    if constexpr (theta == ThetaRule::advance) {
      for (std::size_t i = 0; i + 1 < kSize; ++i) t_[i] = t_[i + 1];
      t_[kSize - 1] = t;
    }
  }
  /// Of the column in the window's middle.
  void sums(const LaneMask<Real>* masks, std::int64_t width, std::int64_t column, Pack<Real>& k,
            Pack<Real>& t) const {
    k = masked_sum(k_, masks, width, column);
    if constexpr (theta == ThetaRule::advance) t = masked_sum(t_, masks, width, column);
  }

 private:
  static constexpr std::size_t kSize = 2 * radius + 1;
  using Window = std::array<Pack<Real>, kSize>;
  static Pack<Real> masked_sum(const Window& window, const LaneMask<Real>* masks,
                               std::int64_t width, std::int64_t column) {
    Pack<Real> sum = window[radius];
    for (int d = 1; d <= radius; ++d) {
      const LaneMask<Real>* row = masks + (d - 1) * width;
      // Beyond the left edge the window holds zeros, whatever the mask.
      sum =
          row[column >= d ? column - d : 0].add(sum, window[static_cast<std::size_t>(radius - d)]);
      sum = row[column].add(sum, window[static_cast<std::size_t>(radius + d)]);
    }
    return sum;
  }
  Window k_{};
  Window t_{};
};

/// state ← the convolution of what `source` makes of it, for `rows` rows of `width` columns.
/// source.row(y) is a function (x, cell, k, t). Each row is summed along x as it is computed and
/// added to the 2·radius rows before it, so that state is read and written once. Local.
template <class Real, int radius, ThetaRule theta, class Source>
void convolve(const Source& source, std::int64_t rows, std::int64_t width,
              const SeamMasks<Real>& seam, Real bias_variance, ConvolutionScratch<Real>& scratch) {
  constexpr std::int64_t kCell = 2 * kLanes<Real>;
  constexpr std::int64_t kRing = 2 * radius + 1;
  constexpr bool kTheta = theta == ThetaRule::advance;
  const std::int64_t row_length = scratch.row_length;
  const LaneMask<Real>* masks = seam.data();
  const Pack<Real> bias = broadcast(bias_variance);
  std::array<const Real*, kRing> before{};  // the horizontal sums of rows y − 2·radius … y − 1
  before.fill(scratch.zeros.data());
  const auto finish_cell = [&](std::int64_t x, Pack<Real> k, Pack<Real> t, Real* out) {
    Pack<Real> k_sum = bias;
    Pack<Real> t_sum{};
    for (int j = 0; j < 2 * radius; ++j) {
      const Real* cell = before[static_cast<std::size_t>(j)] + x * kCell;
      k_sum = k_sum + load(cell);
      if constexpr (kTheta)
        t_sum = j == 0 ? load(cell + kLanes<Real>) : t_sum + load(cell + kLanes<Real>);
    }
    k_sum = k_sum + k;
    store(out + x * kCell, k_sum);
    if constexpr (kTheta) t_sum = t_sum + t;
    if constexpr (theta != ThetaRule::none) {
      store(out + x * kCell + kLanes<Real>, t_sum + k_sum);
    }
  };
  for (std::int64_t y = 0; y < rows; ++y) {
    const auto row = source.row(y);
    const Real* from = scratch.state.data() + y * row_length;
    Real* sums = scratch.ring.data() + y % kRing * row_length;
    Real* out =
        y >= radius ? scratch.state.data() + (y - radius) * row_length : scratch.unused.data();
    RowWindow<Real, radius, theta> window;
    Pack<Real> k{};
    Pack<Real> t{};
    const auto emit = [&](std::int64_t c) {
      Pack<Real> k_row;
      Pack<Real> t_row{};
      window.sums(masks, width, c, k_row, t_row);
      store(sums + c * kCell, k_row);
      if constexpr (kTheta) store(sums + c * kCell + kLanes<Real>, t_row);
      finish_cell(c, k_row, t_row, out);
    };
    std::int64_t x = 0;
    for (; x < std::min<std::int64_t>(radius, width); ++x) {
      row(x, from + x * kCell, k, t);
      window.push(k, t);
    }
    for (; x < radius; ++x) window.push(Pack<Real>{}, Pack<Real>{});
    for (; x < width; ++x) {
      row(x, from + x * kCell, k, t);
      window.push(k, t);
      emit(x - radius);
    }
    for (; x < width + radius; ++x) {
      window.push(Pack<Real>{}, Pack<Real>{});
      emit(x - radius);
    }
    for (int j = 0; j + 1 < 2 * radius; ++j) {
      before[static_cast<std::size_t>(j)] = before[static_cast<std::size_t>(j + 1)];
    }
    if constexpr (radius > 0) before[2 * radius - 1] = sums;
  }
  for (std::int64_t y = rows; y < rows + radius; ++y) {
    if (y >= radius) {
      Real* out = scratch.state.data() + (y - radius) * row_length;
      for (std::int64_t x = 0; x < width; ++x) finish_cell(x, Pack<Real>{}, Pack<Real>{}, out);
    }
    for (int j = 0; j + 1 < 2 * radius; ++j) {
      before[static_cast<std::size_t>(j)] = before[static_cast<std::size_t>(j + 1)];
    }
    if constexpr (radius > 0) before[2 * radius - 1] = scratch.zeros.data();
  }
}

}  // namespace thalweg::detail
