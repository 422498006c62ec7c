#pragma once

#include <cstdint>
#include <span>

#include "base/aligned.hpp"
#include "kernels/fully_connected.hpp"
#include "parallel/communicator.hpp"

namespace thalweg {

/// A kernel matrix as a source of tiles: Gram assembly, storage, residuals and predictions need
/// nothing else of a kernel.
template <class Real>
class KernelTiles {
 public:
  virtual ~KernelTiles() = default;
  [[nodiscard]] virtual std::int64_t rows() const = 0;
  [[nodiscard]] virtual std::int64_t columns() const = 0;
  /// Side of a tile; the last ones are padded.
  [[nodiscard]] virtual std::int64_t block() const = 0;
  /// Local. Kernel values of row panel `row` and column panel `column` in `tile` (block × block,
  /// column-major). An element's bits do not depend on its place. What stands in the padding is
  /// finite.
  virtual void compute(std::int64_t row, std::int64_t column, Real* tile) const = 0;

  [[nodiscard]] std::int64_t row_panels() const { return (rows() + block() - 1) / block(); }
  [[nodiscard]] std::int64_t column_panels() const { return (columns() + block() - 1) / block(); }
};

/// Samples cut into panels of `block` rows, the last one padded with zeros, and their variances in
/// every layer. The squared norms come from the same product of the same shape as every other inner
/// product, so that equal samples have a covariance equal to their variances, bit for bit.
template <class Real>
class KernelSamples {
 public:
  /// Collective over comm. `rows` is samples × features, row-major, on every rank, and must outlive
  /// this.
  KernelSamples(const Communicator& comm, const FullyConnectedKernel& kernel,
                std::span<const Real> rows, std::int64_t features, std::int64_t block);

  [[nodiscard]] std::int64_t samples() const { return samples_; }
  [[nodiscard]] std::int64_t features() const { return features_; }
  [[nodiscard]] std::int64_t block() const { return block_; }
  [[nodiscard]] std::int64_t panels() const { return (samples_ + block_ - 1) / block_; }
  [[nodiscard]] const Real* panel(std::int64_t index) const {
    return index + 1 == panels() ? last_.data() : rows_.data() + index * block_ * features_;
  }
  [[nodiscard]] const SampleVariances<Real>& variances() const { return variances_; }

 private:
  std::span<const Real> rows_;
  std::int64_t samples_;
  std::int64_t features_;
  std::int64_t block_;
  AlignedVector<Real> last_;
  SampleVariances<Real> variances_;
};

/// Tiles of a fully connected kernel between two sets of samples (or one with itself).
template <class Real>
class FullyConnectedTiles final : public KernelTiles<Real> {
 public:
  /// Local. Both sets must outlive this and have the same block and features.
  FullyConnectedTiles(const FullyConnectedKernel& kernel, const KernelSamples<Real>& rows,
                      const KernelSamples<Real>& columns);
  [[nodiscard]] std::int64_t rows() const override { return rows_->samples(); }
  [[nodiscard]] std::int64_t columns() const override { return columns_->samples(); }
  [[nodiscard]] std::int64_t block() const override { return rows_->block(); }
  /// One GEMM of fixed shape (2 block² features flops, 2 block features + block² numbers moved) and
  /// the pass of apply_layers (about 45 block² depth flops).
  void compute(std::int64_t row, std::int64_t column, Real* tile) const override;

 private:
  FullyConnectedKernel kernel_;
  const KernelSamples<Real>* rows_;
  const KernelSamples<Real>* columns_;
};

}  // namespace thalweg
