#pragma once

#include <cstdint>

#include "kernels/fully_connected.hpp"
#include "kernels/kernel.hpp"
#include "kernels/sample_panels.hpp"

namespace thalweg {

/// Tiles of a fully connected kernel between two sets of samples (or one with itself).
template <class Real>
class FullyConnectedTiles final : public KernelTiles<Real> {
 public:
  /// Collective over comm. The samples' rows must outlive this.
  FullyConnectedTiles(const Communicator& comm, const FullyConnectedKernel& kernel,
                      const Samples<Real>& rows, const Samples<Real>& columns, std::int64_t block);
  [[nodiscard]] std::int64_t rows() const override { return rows_.samples(); }
  [[nodiscard]] std::int64_t columns() const override { return columns_.samples(); }
  [[nodiscard]] std::int64_t block() const override { return rows_.block(); }
  [[nodiscard]] bool symmetric() const override { return symmetric_; }
  [[nodiscard]] double element_error() const override {
    return layered_error<Real>(rows_.features(), kernel_.depth);
  }
  /// One GEMM of fixed shape (2 block² features flops, 2 block features + block² numbers moved) and
  /// the pass of apply_layers (about 45 block² depth flops).
  void compute_strip(std::int64_t row, std::int64_t column, std::int64_t strip,
                     Real* tile) const override;

 private:
  FullyConnectedKernel kernel_;
  bool symmetric_;
  SamplePanels<Real> rows_;
  SamplePanels<Real> columns_;
  SampleVariances<Real> row_variances_;
  SampleVariances<Real> column_variances_;
};

/// The fully connected kernel as a Kernel.
template <class Real>
class FullyConnected final : public Kernel<Real> {
 public:
  explicit FullyConnected(const FullyConnectedKernel& kernel) : kernel_(kernel) {}
  [[nodiscard]] std::string description() const override { return kernel_.description(); }
  [[nodiscard]] std::unique_ptr<KernelTiles<Real>> between(const Communicator& comm,
                                                           const Samples<Real>& rows,
                                                           const Samples<Real>& columns,
                                                           std::int64_t block) const override;

 private:
  FullyConnectedKernel kernel_;
};

}  // namespace thalweg
