#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstring>
#include <span>
#include <type_traits>
#include <vector>

#include "base/aligned.hpp"
#include "models/column_loops.hpp"
#include "parallel/partition.hpp"

namespace thalweg {

namespace detail {

/// As column_sums, of `rows` ≤ 32 and the columns from j on that S values of type V hold.
template <int K, int S, class V, class Real, class Term>
inline void strip_sums(Range rows, std::int64_t n, std::int64_t j, Term& term,
                       std::span<double> sums) {
  constexpr std::int64_t lanes = std::is_same_v<V, Real> ? 1 : kLanes<Real>;
  std::array<std::array<V, S>, K> partial{};
  for (std::int64_t row = rows.begin; row < rows.end; ++row) {
    for (std::int64_t s = 0; s < S; ++s) {
      const std::array<V, K> terms = term(V{}, row * n + j + s * lanes, j + s * lanes);
      for (std::size_t k = 0; k < K; ++k) partial[k][static_cast<std::size_t>(s)] += terms[k];
    }
  }
  for (std::size_t k = 0; k < K; ++k) {
    std::array<Real, S* static_cast<std::size_t>(lanes)> numbers;
    std::memcpy(numbers.data(), partial[k].data(), sizeof numbers);
    double* to = sums.data() + static_cast<std::int64_t>(k) * n + j;
    for (std::size_t i = 0; i < numbers.size(); ++i) to[i] += static_cast<double>(numbers[i]);
  }
}

}  // namespace detail

/// For each of `n` columns, sums of K quantities over a range of rows: sums[k·n + j] = Σ_row
/// term(V{}, row·n + j, j)[k], V being a pack of columns or one (see column_loops.hpp). Added up in
/// Real over 32 rows at a time and in float64 across those, so a sum does not depend on the width
/// of a pack. A strip of columns is a cache line wide: rows whose distance is a power of two fall
/// into few sets of the cache, where a line would not survive until its second use.
template <int K, class Real, class Term>
void column_sums(Range rows, std::int64_t n, Term&& term, std::span<double> sums) {
  constexpr std::int64_t kRows = 32;
  constexpr int packs = kPackBytes >= 64 ? 1 : 64 / kPackBytes;
  constexpr std::int64_t width = packs * kLanes<Real>;
  std::fill(sums.begin(), sums.end(), 0.0);
  for (std::int64_t begin = rows.begin; begin < rows.end; begin += kRows) {
    const Range block{begin, std::min(begin + kRows, rows.end)};
    std::int64_t j = 0;
    for (; j + width <= n; j += width) {
      detail::strip_sums<K, packs, Pack<Real>, Real>(block, n, j, term, sums);
    }
    for (; j < n; ++j) detail::strip_sums<K, 1, Real, Real>(block, n, j, term, sums);
  }
}

/// Means and sums of squared deviations of columns over rows that stay in the first-level cache.
template <class Real>
std::vector<double> block_moments(const Real* values, Range rows, std::int64_t n) {
  const auto width = static_cast<std::size_t>(n);
  std::vector<double> moments(2 * width + 1);
  moments[0] = static_cast<double>(rows.size());
  const std::span<double> means(moments.data() + 1, width);
  column_sums<1, Real>(
      rows, n,
      [&]<class V>(V /*kind*/, std::int64_t i, std::int64_t /*j*/) {
        return std::array<V, 1>{take<V>(values + i)};
      },
      means);
  AlignedVector<Real> rounded(width);
  for (std::size_t j = 0; j < width; ++j) {
    means[j] /= moments[0];
    rounded[j] = static_cast<Real>(means[j]);
  }
  const std::span<double> deviations(moments.data() + 1 + width, width);
  column_sums<1, Real>(
      rows, n,
      [&]<class V>(V /*kind*/, std::int64_t i, std::int64_t j) {
        const V d = take<V>(values + i) - take<V>(rounded.data() + j);
        return std::array<V, 1>{d * d};
      },
      deviations);
  return moments;
}

/// Combines the moments of two disjoint sets of rows (Chan, Golub & LeVeque 1979) into `left`.
inline void merge_moments(std::span<double> left, std::span<const double> right) {
  const double total = left[0] + right[0];
  if (total == 0.0) return;
  const double weight = right[0] / total;
  const std::size_t n = (left.size() - 1) / 2;
  for (std::size_t j = 1; j <= n; ++j) {
    const double gap = right[j] - left[j];
    left[j] += gap * weight;
    left[n + j] += right[n + j] + gap * gap * left[0] * weight;
  }
  left[0] = total;
}

/// {number of rows, means of the columns, sums of squared deviations from them}. Blocks of rows are
/// gone through twice while they are in the cache, then merged.
template <class Real>
std::vector<double> column_moments(const Real* values, Range rows, std::int64_t n) {
  constexpr std::int64_t kBlockBytes = 16 << 10;
  const std::int64_t block =
      std::max<std::int64_t>(32, kBlockBytes / (n * static_cast<std::int64_t>(sizeof(Real))));
  std::vector<double> moments(static_cast<std::size_t>(2 * n + 1), 0.0);
  for (std::int64_t begin = rows.begin; begin < rows.end; begin += block) {
    merge_moments(moments,
                  block_moments(values, Range{begin, std::min(begin + block, rows.end)}, n));
  }
  return moments;
}

}  // namespace thalweg
