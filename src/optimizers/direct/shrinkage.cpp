#include "optimizers/direct/shrinkage.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

#include "linalg/dense_symmetric.hpp"
#include "linalg/gemm.hpp"

namespace thalweg {

Shrinkage::Shrinkage(const Communicator& team, const BatchLayout& layout, std::int64_t columns)
    : team_(&team),
      layout_(&layout),
      columns_(columns),
      space_(team, columns * columns),
      gram_(static_cast<std::size_t>(columns * columns)) {}

std::int64_t Shrinkage::apply(std::span<const double> a, double threshold, std::span<double> out) {
  const std::int64_t n = columns_;
  const auto gram = std::span<double>(gram_);
  if (team_->size() == 1) {
    tree_.reset_root(*layout_, gram);
  } else {
    tree_.reset(*layout_, space_.dimension());
  }
  tree_.accumulate(0, n * n, [&](std::int64_t shard, double* target, bool add) {
    const Range rows = layout_->local_rows_of(shard);
    const double* part = a.data() + rows.begin * n;
    gemm_.outer(rows.size(), part, part, target, n, n, add);
  });
  if (team_->size() > 1) {
    layout_->reduction().reduce_to_slices(space_, tree_.node_sums(), space_.slice_of(gram));
    space_.gather_in_place(gram);
  }
  const DenseEigen eigen = dense_symmetric_eigen(gram_, n);
  // Kept vectors one after the other, as rows, and the same times 1 − τ/σ.
  std::vector<double> kept;
  std::vector<double> shrunk;
  std::int64_t count = 0;
  for (std::int64_t k = n - 1; k >= 0; --k) {
    const double square = eigen.values[static_cast<std::size_t>(k)];
    const double value = square > 0.0 ? std::sqrt(square) : 0.0;
    if (value <= threshold) break;
    ++count;
    const double* vector = eigen.vectors.data() + k * n;
    for (std::int64_t i = 0; i < n; ++i) {
      kept.push_back(vector[i]);
      shrunk.push_back(vector[i] * (1.0 - threshold / value));
    }
  }
  if (count == 0) {
    std::fill(out.begin(), out.end(), 0.0);
    return 0;
  }
  // Two thin products where few values are left.
  for (std::int64_t shard = layout_->shards().begin; shard < layout_->shards().end; ++shard) {
    const Range rows = layout_->local_rows_of(shard);
    std::vector<double> coordinates(static_cast<std::size_t>(rows.size() * count));
    gemm(false, true, rows.size(), count, n, 1.0, a.data() + rows.begin * n, kept.data(), 0.0,
         coordinates.data());
    gemm(false, false, rows.size(), n, count, 1.0, coordinates.data(), shrunk.data(), 0.0,
         out.data() + rows.begin * n);
  }
  return count;
}

}  // namespace thalweg
