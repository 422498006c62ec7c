#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "kernels/convolutional.hpp"
#include "kernels/kernel.hpp"

namespace thalweg {

/// The smallest divisor of `block` for which a strip of a tile of elements that take `element_s`
/// seconds stays below ten seconds, or else `block`. Local.
[[nodiscard]] std::int64_t strips_for(std::int64_t block, double element_s);

/// Tiles of a convolutional kernel between two sets of images (or one with itself).
template <class Real>
class ConvolutionalTiles final : public KernelTiles<Real> {
 public:
  /// Local. The samples' rows must outlive this. Throws Error for sets of different shapes, empty
  /// ones, and a kernel that check() refuses.
  ConvolutionalTiles(const ConvolutionalKernel& kernel, const Samples<Real>& rows,
                     const Samples<Real>& columns, std::int64_t block);
  [[nodiscard]] std::int64_t rows() const override { return rows_.size(); }
  [[nodiscard]] std::int64_t columns() const override { return columns_.size(); }
  [[nodiscard]] std::int64_t block() const override { return block_; }
  [[nodiscard]] bool symmetric() const override { return rows_.same_as(columns_); }
  [[nodiscard]] std::int64_t strips() const override { return strips_; }
  /// Padding and what lies below the diagonal of a symmetric tile are zero and cost nothing. The
  /// variances of the images are computed on the way: one image's cost one pass of one offset, as
  /// much as a pair of flatten and a thousandth of a pair of gap.
  void compute_strip(std::int64_t row, std::int64_t column, std::int64_t strip,
                     Real* tile) const override;

 private:
  ConvolutionalKernel kernel_;
  Samples<Real> rows_;
  Samples<Real> columns_;
  std::int64_t block_;
  std::int64_t strips_;
};

/// The convolutional kernel as a Kernel.
template <class Real>
class Convolutional final : public Kernel<Real> {
 public:
  /// Throws Error where check() does.
  explicit Convolutional(const ConvolutionalKernel& kernel) : kernel_(kernel) { kernel_.check(); }
  [[nodiscard]] std::string description() const override { return kernel_.description(); }
  [[nodiscard]] std::unique_ptr<KernelTiles<Real>> between(const Communicator& comm,
                                                           const Samples<Real>& rows,
                                                           const Samples<Real>& columns,
                                                           std::int64_t block) const override;

 private:
  ConvolutionalKernel kernel_;
};

}  // namespace thalweg
