#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "kernels/convolutional_net.hpp"
#include "kernels/kernel.hpp"

namespace thalweg {

/// Tiles of the kernel of a convolutional net of any shape, in double precision whatever Real is.
template <class Real>
class ConvolutionalNetTiles final : public KernelTiles<Real> {
 public:
  /// Collective over comm: the variances of the images are dealt out to the ranks and gathered;
  /// they take 8 bytes an image, activation and pixel there, and as many passes as there are
  /// images. The samples' rows must outlive this. Throws Error for sets of different shapes, empty
  /// ones, and what check() refuses.
  ConvolutionalNetTiles(const Communicator& comm, const ConvolutionalNetKernel& kernel,
                        const Samples<Real>& rows, const Samples<Real>& columns,
                        std::int64_t block);
  [[nodiscard]] std::int64_t rows() const override { return rows_.size(); }
  [[nodiscard]] std::int64_t columns() const override { return columns_.size(); }
  [[nodiscard]] std::int64_t block() const override { return block_; }
  [[nodiscard]] bool symmetric() const override { return rows_.same_as(columns_); }
  [[nodiscard]] std::int64_t strips() const override { return strips_; }
  /// Padding and what lies below the diagonal of a symmetric tile are zero and cost nothing.
  void compute_strip(std::int64_t row, std::int64_t column, std::int64_t strip,
                     Real* tile) const override;

 private:
  ConvolutionalNetKernel kernel_;
  Samples<Real> rows_;
  Samples<Real> columns_;
  std::int64_t block_;
  std::int64_t strips_;
  std::vector<PixelVariances> row_variances_;
  std::vector<PixelVariances> column_variances_;  ///< empty when symmetric
};

/// The kernel of a convolutional net of any shape as a Kernel.
template <class Real>
class ConvolutionalNet final : public Kernel<Real> {
 public:
  explicit ConvolutionalNet(ConvolutionalNetKernel kernel) : kernel_(std::move(kernel)) {}
  [[nodiscard]] std::string description() const override { return kernel_.description(); }
  [[nodiscard]] std::unique_ptr<KernelTiles<Real>> between(const Communicator& comm,
                                                           const Samples<Real>& rows,
                                                           const Samples<Real>& columns,
                                                           std::int64_t block) const override;

 private:
  ConvolutionalNetKernel kernel_;
};

}  // namespace thalweg
