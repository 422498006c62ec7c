#include "kernels/fully_connected_tiles.hpp"

#include <array>
#include <memory>

#include "kernels/close_pairs.hpp"

namespace thalweg {

namespace {

template <class Real>
SampleVariances<Real> variances(const Communicator& comm, const FullyConnectedKernel& kernel,
                                const SamplePanels<Real>& samples) {
  return {kernel, samples.features(), squared_norms(comm, samples)};
}

}  // namespace

template <class Real>
FullyConnectedTiles<Real>::FullyConnectedTiles(const Communicator& comm,
                                               const FullyConnectedKernel& kernel,
                                               const Samples<Real>& rows,
                                               const Samples<Real>& columns, std::int64_t block)
    : kernel_(kernel),
      symmetric_(rows.same_as(columns)),
      rows_(rows, block),
      columns_(columns, block),
      row_variances_(variances(comm, kernel, rows_)),
      column_variances_(symmetric_ ? row_variances_ : variances(comm, kernel, columns_)) {}

template <class Real>
void FullyConnectedTiles<Real>::compute_strip(std::int64_t row, std::int64_t column,
                                              std::int64_t /*strip*/, Real* tile) const {
  const std::int64_t b = block();
  alignas(64) std::array<Real, kLargestTile> gaps;
  inner_products(rows_, row, columns_, column, tile);
  for (std::int64_t j = 0; j < b; ++j) {
    const std::int64_t sample = column * b + j;
    angle_gaps(rows_, row, row_variances_.norms(row * b), columns_.sample(sample),
               *column_variances_.norms(sample), tile + j * b, gaps.data());
    apply_layers(kernel_, rows_.features(), row_variances_, row * b, column_variances_, sample, b,
                 tile + j * b, gaps.data());
  }
}

template <class Real>
std::unique_ptr<KernelTiles<Real>> FullyConnected<Real>::between(const Communicator& comm,
                                                                 const Samples<Real>& rows,
                                                                 const Samples<Real>& columns,
                                                                 std::int64_t block) const {
  return std::make_unique<FullyConnectedTiles<Real>>(comm, kernel_, rows, columns, block);
}

template class FullyConnectedTiles<float>;
template class FullyConnectedTiles<double>;
template class FullyConnected<float>;
template class FullyConnected<double>;

}  // namespace thalweg
