#include "kernels/close_pairs.hpp"

#include <array>
#include <cmath>
#include <cstddef>

namespace thalweg {

namespace {

/// Below this share of what it is the difference of, a difference is computed anew.
template <class Real>
constexpr Real kClose = Real(1) / Real(256);

/// Σ (a x_k − b z_k)², exactly 0 where a x = b z after rounding: nothing is fused there. Sums of a
/// fixed number of lanes, so that the bits depend on neither the width of vectors nor where the
/// samples lie.
template <class Real>
Real squared_difference(const Real* x, Real a, const Real* z, Real b, std::int64_t features) {
  constexpr std::int64_t kSums = 16;
  std::array<Real, static_cast<std::size_t>(kSums)> sums{};
  std::int64_t k = 0;
  for (; k + kSums <= features; k += kSums) {
    for (std::int64_t lane = 0; lane < kSums; ++lane) {
      const Real d = a * x[k + lane] - b * z[k + lane];
      sums[static_cast<std::size_t>(lane)] = std::fma(d, d, sums[static_cast<std::size_t>(lane)]);
    }
  }
  Real total{0};
  for (const Real sum : sums) total += sum;
  for (; k < features; ++k) {
    const Real d = a * x[k] - b * z[k];
    total = std::fma(d, d, total);
  }
  return total;
}

/// Does `close` of each sample whose difference is a small share of `whole` anew.
template <class Real, class Whole, class Close>
void redo(std::int64_t count, const Real* differences, const Whole& whole, const Close& close) {
  std::int64_t found = 0;
#pragma omp simd reduction(+ : found)
  for (std::int64_t i = 0; i < count; ++i) {
    found += differences[i] < kClose<Real> * whole(i) ? 1 : 0;
  }
  if (found == 0) return;
  for (std::int64_t i = 0; i < count; ++i) {
    if (differences[i] < kClose<Real> * whole(i)) close(i);
  }
}

}  // namespace

template <class Real>
void angle_gaps(const SamplePanels<Real>& rows, std::int64_t row, const Real* row_norms,
                const Real* z, Real norm, const Real* products, Real* gaps) {
  const std::int64_t block = rows.block();
#pragma omp simd
  for (std::int64_t i = 0; i < block; ++i) {
    gaps[i] = row_norms[i] * norm - std::abs(products[i]);
  }
  const std::int64_t features = rows.features();
  redo(
      block, gaps, [&](std::int64_t i) { return row_norms[i] * norm; },
      [&](std::int64_t i) {
        const Real towards = std::copysign(Real{1} / norm, products[i]);
        gaps[i] = Real(0.5) * (row_norms[i] * norm) *
                  squared_difference(rows.panel(row) + i * features, Real{1} / row_norms[i], z,
                                     towards, features);
      });
}

template <class Real>
void squared_distances(const SamplePanels<Real>& rows, std::int64_t row, const Real* row_squares,
                       const Real* z, Real square, Real* products) {
  const std::int64_t block = rows.block();
#pragma omp simd
  for (std::int64_t i = 0; i < block; ++i) {
    products[i] = std::fma(Real{-2}, products[i], row_squares[i] + square);
  }
  const std::int64_t features = rows.features();
  redo(
      block, products, [&](std::int64_t i) { return row_squares[i] + square; },
      [&](std::int64_t i) {
        products[i] =
            squared_difference(rows.panel(row) + i * features, Real{1}, z, Real{1}, features);
      });
}

template void angle_gaps(const SamplePanels<float>&, std::int64_t, const float*, const float*,
                         float, const float*, float*);
template void angle_gaps(const SamplePanels<double>&, std::int64_t, const double*, const double*,
                         double, const double*, double*);
template void squared_distances(const SamplePanels<float>&, std::int64_t, const float*,
                                const float*, float, float*);
template void squared_distances(const SamplePanels<double>&, std::int64_t, const double*,
                                const double*, double, double*);

}  // namespace thalweg
