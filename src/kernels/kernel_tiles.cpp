#include "kernels/kernel_tiles.hpp"

#include <cblas.h>
#include <fmt/format.h>

#include <algorithm>
#include <vector>

#include "base/blas_setup.hpp"
#include "base/error.hpp"
#include "parallel/partition.hpp"

namespace thalweg {

namespace {

/// tile ← rows · columnsᵀ of two row-major panels; always the same shape for given block and
/// features.
void inner_products(std::int64_t block, std::int64_t features, const double* rows,
                    const double* columns, double* tile) {
  const int b = static_cast<int>(block);
  const int d = static_cast<int>(features);
  cblas_dgemm(CblasColMajor, CblasTrans, CblasNoTrans, b, b, d, 1.0, rows, d, columns, d, 0.0, tile,
              b);
}
void inner_products(std::int64_t block, std::int64_t features, const float* rows,
                    const float* columns, float* tile) {
  const int b = static_cast<int>(block);
  const int d = static_cast<int>(features);
  cblas_sgemm(CblasColMajor, CblasTrans, CblasNoTrans, b, b, d, 1.0F, rows, d, columns, d, 0.0F,
              tile, b);
}

template <class Real>
AlignedVector<Real> padded_last_panel(std::span<const Real> rows, std::int64_t features,
                                      std::int64_t block) {
  const std::int64_t samples = static_cast<std::int64_t>(rows.size()) / features;
  if (samples < 1) throw Error("a kernel needs at least one sample");
  if (block < 1 || block > kLargestTile) {
    throw Error(fmt::format("kernel tiles of {} are outside 1..{}", block, kLargestTile));
  }
  narrow(features, "features");
  const std::int64_t first = (samples - 1) / block * block;
  AlignedVector<Real> panel(static_cast<std::size_t>(block * features));
  const auto tail = rows.subspan(static_cast<std::size_t>(first * features));
  std::copy(tail.begin(), tail.end(), panel.begin());
  std::fill(panel.begin() + static_cast<std::ptrdiff_t>(tail.size()), panel.end(), Real{0});
  return panel;
}

/// x·x of every sample, padded to whole panels; the panels are dealt out to the ranks.
template <class Real>
std::vector<Real> squared_norms(const Communicator& comm, std::span<const Real> rows,
                                const AlignedVector<Real>& last, std::int64_t features,
                                std::int64_t block) {
  const std::int64_t samples = static_cast<std::int64_t>(rows.size()) / features;
  const std::int64_t panels = (samples + block - 1) / block;
  const Partition partition(panels, comm.size());
  const Range mine = partition.of(comm.rank());
  std::vector<Real> all(static_cast<std::size_t>(panels * block));
  AlignedVector<Real> tile(static_cast<std::size_t>(block * block));
  for (std::int64_t p = mine.begin; p < mine.end; ++p) {
    const Real* panel = p + 1 == panels ? last.data() : rows.data() + p * block * features;
    inner_products(block, features, panel, panel, tile.data());
    for (std::int64_t i = 0; i < block; ++i) {
      all[static_cast<std::size_t>(p * block + i)] = tile[static_cast<std::size_t>(i + i * block)];
    }
  }
  auto counts = partition.counts();
  for (auto& count : counts) count *= block;
  comm.all_gather_in_place(std::span<Real>(all), std::span<const std::int64_t>(counts));
  return all;
}

}  // namespace

template <class Real>
KernelSamples<Real>::KernelSamples(const Communicator& comm, const FullyConnectedKernel& kernel,
                                   std::span<const Real> rows, std::int64_t features,
                                   std::int64_t block)
    : rows_(rows),
      samples_(static_cast<std::int64_t>(rows.size()) / features),
      features_(features),
      block_(block),
      last_(padded_last_panel(rows, features, block)),
      variances_(kernel, features, squared_norms(comm, rows, last_, features, block)) {}

template <class Real>
FullyConnectedTiles<Real>::FullyConnectedTiles(const FullyConnectedKernel& kernel,
                                               const KernelSamples<Real>& rows,
                                               const KernelSamples<Real>& columns)
    : kernel_(kernel), rows_(&rows), columns_(&columns) {
  if (rows.block() != columns.block() || rows.features() != columns.features()) {
    throw Error(fmt::format("kernel between samples of {} and {} features, tiles of {} and {}",
                            rows.features(), columns.features(), rows.block(), columns.block()));
  }
}

template <class Real>
void FullyConnectedTiles<Real>::compute(std::int64_t row, std::int64_t column, Real* tile) const {
  const std::int64_t b = block();
  inner_products(b, rows_->features(), rows_->panel(row), columns_->panel(column), tile);
  apply_layers(kernel_, rows_->features(), rows_->variances(), row * b, columns_->variances(),
               column * b, b, tile);
}

template class KernelSamples<float>;
template class KernelSamples<double>;
template class FullyConnectedTiles<float>;
template class FullyConnectedTiles<double>;

}  // namespace thalweg
