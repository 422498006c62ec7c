#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <span>
#include <vector>

#include "base/aligned.hpp"
#include "parallel/partition.hpp"

namespace thalweg {

/// For each of `n` columns, sums of K quantities over a range of rows: sums[k·n + j] = Σ_row
/// term(row, j)[k]. Added up in Real over 32 rows at a time and in float64 across those.
template <int K, class Real, class Term>
void column_sums(Range rows, std::int64_t n, Term&& term, std::span<double> sums) {
  constexpr std::int64_t kRows = 32;
  AlignedVector<Real> partial(static_cast<std::size_t>(K * n));
  std::fill(sums.begin(), sums.end(), 0.0);
  for (std::int64_t begin = rows.begin; begin < rows.end; begin += kRows) {
    std::fill(partial.begin(), partial.end(), Real{0});
    for (std::int64_t row = begin; row < std::min(begin + kRows, rows.end); ++row) {
      Real* to = partial.data();
      for (std::int64_t j = 0; j < n; ++j) {
        const std::array<Real, K> terms = term(row, j);
        for (int k = 0; k < K; ++k) to[k * n + j] += terms[static_cast<std::size_t>(k)];
      }
    }
    for (std::size_t at = 0; at < partial.size(); ++at)
      sums[at] += static_cast<double>(partial[at]);
  }
}

/// {number of rows, means of the columns, sums of squared deviations from them}, in two passes.
template <class Real>
std::vector<double> column_moments(const Real* values, Range rows, std::int64_t n) {
  const auto width = static_cast<std::size_t>(n);
  std::vector<double> moments(2 * width + 1);
  moments[0] = static_cast<double>(rows.size());
  const std::span<double> means(moments.data() + 1, width);
  column_sums<1, Real>(
      rows, n,
      [&](std::int64_t row, std::int64_t j) { return std::array<Real, 1>{values[row * n + j]}; },
      means);
  AlignedVector<Real> rounded(width);
  for (std::size_t j = 0; j < width; ++j) {
    means[j] /= moments[0];
    rounded[j] = static_cast<Real>(means[j]);
  }
  const std::span<double> deviations(moments.data() + 1 + width, width);
  column_sums<1, Real>(
      rows, n,
      [&](std::int64_t row, std::int64_t j) {
        const Real d = values[row * n + j] - rounded[static_cast<std::size_t>(j)];
        return std::array<Real, 1>{d * d};
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

}  // namespace thalweg
