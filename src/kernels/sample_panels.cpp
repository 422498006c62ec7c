#include "kernels/sample_panels.hpp"

#include <cblas.h>
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "base/blas_setup.hpp"
#include "base/error.hpp"
#include "parallel/partition.hpp"

namespace thalweg {

namespace {

void product(int block, int features, const double* rows, const double* columns, double* tile) {
  cblas_dgemm(CblasColMajor, CblasTrans, CblasNoTrans, block, block, features, 1.0, rows, features,
              columns, features, 0.0, tile, block);
}
void product(int block, int features, const float* rows, const float* columns, float* tile) {
  cblas_sgemm(CblasColMajor, CblasTrans, CblasNoTrans, block, block, features, 1.0F, rows, features,
              columns, features, 0.0F, tile, block);
}

}  // namespace

template <class Real>
SamplePanels<Real>::SamplePanels(const Samples<Real>& samples, std::int64_t block)
    : rows_(samples.rows),
      samples_(samples.size()),
      features_(samples.features()),
      block_(block),
      last_(static_cast<std::size_t>(std::max<std::int64_t>(block, 0) * features_)) {
  if (samples_ < 1) throw Error("a kernel needs at least one sample");
  if (block < 1 || block > kLargestTile) {
    throw Error(fmt::format("kernel tiles of {} are outside 1..{}", block, kLargestTile));
  }
  narrow(features_, "features");
  const auto tail = rows_.subspan(static_cast<std::size_t>((panels() - 1) * block * features_));
  std::copy(tail.begin(), tail.end(), last_.begin());
  std::fill(last_.begin() + static_cast<std::ptrdiff_t>(tail.size()), last_.end(), Real{0});
}

template <class Real>
void inner_products(const SamplePanels<Real>& rows, std::int64_t row,
                    const SamplePanels<Real>& columns, std::int64_t column, Real* tile) {
  if (rows.block() != columns.block() || rows.features() != columns.features()) {
    throw Error(fmt::format("kernel between samples of {} and {} features, tiles of {} and {}",
                            rows.features(), columns.features(), rows.block(), columns.block()));
  }
  product(static_cast<int>(rows.block()), static_cast<int>(rows.features()), rows.panel(row),
          columns.panel(column), tile);
}

template <class Real>
double layered_error(std::int64_t features, std::int64_t layers) {
  return static_cast<double>(std::numeric_limits<Real>::epsilon()) *
         (16.0 + 4.0 * static_cast<double>(layers) + std::sqrt(static_cast<double>(features)));
}

template <class Real>
std::vector<Real> squared_norms(const Communicator& comm, const SamplePanels<Real>& samples) {
  const std::int64_t block = samples.block();
  const Partition partition(samples.panels(), comm.size());
  const Range mine = partition.of(comm.rank());
  std::vector<Real> all(static_cast<std::size_t>(samples.panels() * block));
  AlignedVector<Real> tile(static_cast<std::size_t>(block * block));
  for (std::int64_t p = mine.begin; p < mine.end; ++p) {
    inner_products(samples, p, samples, p, tile.data());
    for (std::int64_t i = 0; i < block; ++i) {
      all[static_cast<std::size_t>(p * block + i)] = tile[static_cast<std::size_t>(i + i * block)];
    }
  }
  auto counts = partition.counts();
  for (auto& count : counts) count *= block;
  comm.all_gather_in_place(std::span<Real>(all), std::span<const std::int64_t>(counts));
  return all;
}

template class SamplePanels<float>;
template class SamplePanels<double>;
template void inner_products(const SamplePanels<float>&, std::int64_t, const SamplePanels<float>&,
                             std::int64_t, float*);
template void inner_products(const SamplePanels<double>&, std::int64_t, const SamplePanels<double>&,
                             std::int64_t, double*);
template double layered_error<float>(std::int64_t, std::int64_t);
template double layered_error<double>(std::int64_t, std::int64_t);
template std::vector<float> squared_norms(const Communicator&, const SamplePanels<float>&);
template std::vector<double> squared_norms(const Communicator&, const SamplePanels<double>&);

}  // namespace thalweg
