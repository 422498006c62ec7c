#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "base/aligned.hpp"
#include "kernels/kernel.hpp"

namespace thalweg {

/// The largest tile of a kernel made from inner products; its work columns stay in the first-level
/// cache.
inline constexpr std::int64_t kLargestTile = 512;

/// Samples cut into panels of `block` rows, the last one padded with zeros, for kernels that are
/// functions of inner products.
template <class Real>
class SamplePanels {
 public:
  /// Local. The rows must outlive this. Throws Error for no samples or a block outside
  /// 1..kLargestTile.
  SamplePanels(const Samples<Real>& samples, std::int64_t block);

  [[nodiscard]] std::int64_t samples() const { return samples_; }
  [[nodiscard]] std::int64_t features() const { return features_; }
  [[nodiscard]] std::int64_t block() const { return block_; }
  [[nodiscard]] std::int64_t panels() const { return (samples_ + block_ - 1) / block_; }
  [[nodiscard]] const Real* panel(std::int64_t index) const {
    return index + 1 == panels() ? last_.data() : rows_.data() + index * block_ * features_;
  }
  /// The features of one sample, or of the padding behind the last.
  [[nodiscard]] const Real* sample(std::int64_t index) const {
    return panel(index / block_) + index % block_ * features_;
  }

 private:
  std::span<const Real> rows_;
  std::int64_t samples_;
  std::int64_t features_;
  std::int64_t block_;
  AlignedVector<Real> last_;
};

/// Local. tile (block × block, column-major) ← the inner products of two panels' samples, by one
/// GEMM whose shape depends on block and features alone: 2 block² features flops. Throws Error
/// where blocks or features differ.
template <class Real>
void inner_products(const SamplePanels<Real>& rows, std::int64_t row,
                    const SamplePanels<Real>& columns, std::int64_t column, Real* tile);

/// A bound, from measurements, of the relative error of kernel values made from inner products of
/// so many features in so many layers, see KernelTiles::element_error. Local.
template <class Real>
[[nodiscard]] double layered_error(std::int64_t features, std::int64_t layers);

/// Collective over comm. x·x of every sample, padded to whole panels (of zeros), from the same
/// product of the same shape as every other inner product, so that equal samples have a product
/// equal to their squared norms, bit for bit. The panels are dealt out to the ranks.
template <class Real>
std::vector<Real> squared_norms(const Communicator& comm, const SamplePanels<Real>& samples);

}  // namespace thalweg
