#pragma once

#include <cstdint>

#include "kernels/gram_store.hpp"
#include "kernels/kernel_tiles.hpp"

namespace thalweg {

/// A stored kernel matrix as a source of tiles: for a kernel too costly to be computed twice, and
/// for a Gram matrix that another study has made.
template <class Real>
class StoredTiles final : public KernelTiles<Real> {
 public:
  /// Local. The store must be sealed and outlive this. Throws Error for another element type.
  explicit StoredTiles(const GramStore& store);
  [[nodiscard]] std::int64_t rows() const override { return store_->identity().rows; }
  [[nodiscard]] std::int64_t columns() const override { return store_->identity().columns; }
  [[nodiscard]] std::int64_t block() const override { return store_->identity().block; }
  [[nodiscard]] bool symmetric() const override { return store_->identity().symmetric; }
  [[nodiscard]] std::int64_t strips() const override { return store_->identity().strips; }
  /// Of a symmetric matrix only tiles with row ≤ column. Throws Error naming the file where a strip
  /// does not match its checksum.
  void compute_strip(std::int64_t row, std::int64_t column, std::int64_t strip,
                     Real* tile) const override;

 private:
  const GramStore* store_;
};

}  // namespace thalweg
