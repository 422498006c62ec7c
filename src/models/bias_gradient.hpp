#pragma once

#include <cstdint>

#include "base/aligned.hpp"
#include "models/batch_layout.hpp"
#include "models/gradient_tree.hpp"

namespace thalweg {

/// The gradient of biases: for each shard, the sum over its rows (each `positions` times n numbers)
/// of d_out times `scale`, to `gradient` from `offset` on. Local.
template <class Real>
void sum_rows_of_shards(const BatchLayout& layout, const Real* d_out, std::int64_t positions,
                        std::int64_t n, Real scale, GradientTree<Real>& gradient,
                        std::int64_t offset) {
  AlignedVector<Real> sums(static_cast<std::size_t>(n));
  gradient.accumulate(offset, n, [&](std::int64_t shard, Real* target, bool add) {
    const Range rows = layout.local_rows_of(shard);
    std::fill(sums.begin(), sums.end(), Real{0});
    for (std::int64_t row = rows.begin * positions; row < rows.end * positions; ++row) {
      for (std::int64_t j = 0; j < n; ++j) sums[static_cast<std::size_t>(j)] += d_out[row * n + j];
    }
    for (std::int64_t j = 0; j < n; ++j) {
      const Real sum = scale * sums[static_cast<std::size_t>(j)];
      target[j] = add ? target[j] + sum : sum;
    }
  });
}

}  // namespace thalweg
