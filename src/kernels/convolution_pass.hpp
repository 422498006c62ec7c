#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <vector>

#include "base/aligned.hpp"
#include "base/pack.hpp"
#include "kernels/normalised_relu.hpp"

// Lambdas that are not inlined would keep their captured packs in memory.
#define THALWEG_ALWAYS_INLINE __attribute__((always_inline))

namespace thalweg::detail {

// One convolution and the ReLU after it, on kLanes images at once that lie lane by lane: cell (y,
// x) of the state is a pack of K and a pack of Θ as they leave a ReLU. Neighbours are whole packs
// apart, so that box sums need no shuffles. What the lanes are is the caller's: offsets in x of one
// pair of images (gap) or several partners of one image (flatten).

/// What a convolution does with Θ.
enum class ThetaRule {
  none,     ///< nothing: no layer up to this one is trained
  start,    ///< Θ ← K: this layer is the first that is trained
  advance,  ///< Θ ← box(Θ) + K
};

/// Sums over pixels, a number a lane.
template <class Real>
struct LaneSums {
  using Lanes = std::array<double, static_cast<std::size_t>(kLanes<Real>)>;
  alignas(64) Lanes k{};
  alignas(64) Lanes theta{};
  static void add(Lanes& sums, const Pack<Real>& values) {
    for (std::size_t i = 0; i < sums.size(); ++i) sums[i] += static_cast<double>(values[i]);
  }
};

/// State of one thread for images of a given size. A layer writes each row `radius` rows above or
/// below the one it came from, where nothing is needed any more: no second copy, no ring of rows.
template <class Real>
struct ConvolutionScratch {
  // The five cells beyond the right edge are never written: they are the zeros that windows reach
  // into, and keep rows of 32 pixels off each other's cache sets and store addresses.
  ConvolutionScratch(std::int64_t height, std::int64_t width, std::int64_t radius)
      : row_length((width + 5) * 2 * kLanes<Real>),
        state(static_cast<std::size_t>((height + radius) * row_length), Real{0}),
        zeros(static_cast<std::size_t>(row_length), Real{0}) {}
  std::int64_t row_length;
  AlignedVector<Real> state;
  AlignedVector<Real> zeros;  ///< a row beyond the edges
  bool shifted = false;       ///< row 0 of the image is row `radius` of state
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

/// The ReLUs of a row of pixel pairs.
template <class Real>
struct ReluRow {
  NormalisedRelu<Real> relu;
  ScaleRow<Real> scales;
  using Begun = typename NormalisedRelu<Real>::Begun;
  using Continued = typename NormalisedRelu<Real>::Continued;
  [[nodiscard]] Begun begin(std::int64_t x, const Pack<Real>& k) const {
    return relu.begin(
        k * (broadcast(scales.inverse[x]) * load(scales.other_inverse + x * scales.other_stride)));
  }
  [[nodiscard]] Continued proceed(const Begun& begun) const { return relu.proceed(begun); }
  [[nodiscard]] Pack<Real> covariance(std::int64_t x, const Continued& continued) const {
    return (broadcast(scales.deviation[x]) *
            load(scales.other_deviation + x * scales.other_stride)) *
           continued.value;
  }
  [[nodiscard]] Pack<Real> tangent(const Continued& continued, const Pack<Real>& theta) const {
    return theta * relu.derivative(continued);
  }
};

/// Sums over windows of 2·radius + 1 columns, as columns come in.
template <class Real, int radius>
class ColumnWindow {
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

template <class Real, std::size_t n>
inline Pack<Real> sum_of_rows(const std::array<const Real*, n>& rows, std::int64_t cell) {
  Pack<Real> sum = load(rows[0] + cell);
  for (std::size_t j = 1; j < n; ++j) sum = sum + load(rows[j] + cell);
  return sum;
}

/// Writes the input of the first convolution: source(y, x) is K of a cell. Local.
template <class Real, class Source>
void fill_state(const Source& source, std::int64_t rows, std::int64_t width,
                ConvolutionScratch<Real>& scratch) {
  scratch.shifted = false;
  for (std::int64_t y = 0; y < rows; ++y) {
    Real* row = scratch.state.data() + y * scratch.row_length;
    for (std::int64_t x = 0; x < width; ++x) store(row + x * 2 * kLanes<Real>, source(y, x));
  }
}

/// One convolution and what follows it, of `rows` rows of `width` columns; the bias is added where
/// `biased`. activation.row(y) begins and finishes the elements of a row (ReluRow). The results
/// become the new state, or, with `last`, are added to `sums`. State is read and written once.
/// Local.
template <class Real, int radius, ThetaRule theta, bool last, bool biased, class Activation>
void convolve(const Activation& activation, std::int64_t rows, std::int64_t width,
              const SeamMasks<Real>& seam, Real bias_variance, ConvolutionScratch<Real>& scratch,
              LaneSums<Real>* sums) {
  constexpr std::int64_t kCell = 2 * kLanes<Real>;
  constexpr bool kTheta = theta != ThetaRule::none;
  const std::int64_t row_length = scratch.row_length;
  Real* const old_state = scratch.state.data() + (scratch.shifted ? radius * row_length : 0);
  Real* const new_state = scratch.state.data() + (scratch.shifted ? 0 : radius * row_length);
  std::array<const LaneMask<Real>*, radius + 1> masks{};
  for (int d = 1; d <= radius; ++d) masks[static_cast<std::size_t>(d)] = seam.distance(d);
  const Pack<Real> bias = broadcast(bias_variance);
  for (std::int64_t i = 0; i < rows; ++i) {
    // Downwards in memory rows are taken from the last on, so that none is overwritten too soon.
    const std::int64_t y = scratch.shifted ? i : rows - 1 - i;
    const auto row = activation.row(y);
    std::array<const Real*, 2 * radius + 1> window_rows;
    for (std::int64_t j = 0; j <= 2 * radius; ++j) {
      const std::int64_t from = y + j - radius;
      window_rows[static_cast<std::size_t>(j)] =
          from >= 0 && from < rows ? old_state + from * row_length : scratch.zeros.data();
    }
    Real* const out = new_state + y * row_length;
    ColumnWindow<Real, radius> k_window;
    ColumnWindow<Real, radius> t_window;
    const auto push_column = [&](std::int64_t x) THALWEG_ALWAYS_INLINE {
      k_window.push(sum_of_rows<Real>(window_rows, x * kCell));
      if constexpr (theta == ThetaRule::advance) {
        t_window.push(sum_of_rows<Real>(window_rows, x * kCell + kLanes<Real>));
      }
    };
    // Three elements are under way at once, each in another step.
    Pack<Real> theta_begun{};
    Pack<Real> theta_continued{};
    const auto begin = [&](std::int64_t x) THALWEG_ALWAYS_INLINE {
      Pack<Real> k = k_window.sum(masks, x);
      if constexpr (biased) k = k + bias;
      if constexpr (theta == ThetaRule::advance) theta_begun = t_window.sum(masks, x) + k;
      if constexpr (theta == ThetaRule::start) theta_begun = k;
      return row.begin(x, k);
    };
    const auto finish = [&](std::int64_t x, const auto& continued) THALWEG_ALWAYS_INLINE {
      const Pack<Real> k = row.covariance(x, continued);
      Pack<Real> t{};
      if constexpr (kTheta) t = row.tangent(continued, theta_continued);
      if constexpr (last) {
        if (sums != nullptr) {
          LaneSums<Real>::add(sums->k, k);
          if constexpr (kTheta) LaneSums<Real>::add(sums->theta, t);
        }
      } else {
        store(out + x * kCell, k);
        if constexpr (kTheta) store(out + x * kCell + kLanes<Real>, t);
      }
    };
    for (std::int64_t x = 0; x < radius; ++x) push_column(x);
    push_column(radius);
    auto begun = begin(0);
    auto continued = row.proceed(begun);
    theta_continued = theta_begun;
    if (width > 1) {
      push_column(1 + radius);
      begun = begin(1);
      for (std::int64_t x = 2; x < width; ++x) {
        push_column(x + radius);
        const auto continued_next = row.proceed(begun);
        const Pack<Real> theta_next = theta_begun;
        begun = begin(x);
        finish(x - 2, continued);
        continued = continued_next;
        theta_continued = theta_next;
      }
      finish(width - 2, continued);
      continued = row.proceed(begun);
      theta_continued = theta_begun;
    }
    finish(width - 1, continued);
  }
  scratch.shifted = !scratch.shifted;
}

}  // namespace thalweg::detail

#undef THALWEG_ALWAYS_INLINE
