#include "kernels/stored_kernel.hpp"

#include <algorithm>
#include <cstddef>

#include "base/aligned.hpp"
#include "base/error.hpp"
#include "kernels/samples_hash.hpp"

namespace thalweg {

template <class Real>
StoredKernel<Real>::StoredKernel(const Communicator& comm, const Kernel<Real>& kernel,
                                 const Samples<Real>& rows, const Samples<Real>& columns,
                                 std::int64_t block, const std::string& file,
                                 const Attributes& provenance, bool resume,
                                 const WorkControl& control) {
  const auto computed = kernel.between(comm, rows, columns, block);
  const GramIdentity identity =
      identity_of(*computed, kernel.description(), samples_hash(comm, rows, columns));
  store_ = std::make_unique<GramStore>(comm, file, identity, provenance, resume);
  if (!store_->sealed()) {
    if (!fill_store(comm, *computed, *store_, control)) return;
    store_->seal();
  }
  tiles_ = std::make_unique<StoredTiles<Real>>(*store_);
}

template <class Real>
const KernelTiles<Real>& StoredKernel<Real>::tiles() const {
  if (!complete()) throw Error(store_->path() + ": not complete");
  return *tiles_;
}

template <class Real>
std::vector<double> dense_matrix(const KernelTiles<Real>& tiles) {
  const std::int64_t rows = tiles.rows();
  const std::int64_t columns = tiles.columns();
  const std::int64_t block = tiles.block();
  std::vector<double> matrix(static_cast<std::size_t>(rows * columns));
  AlignedVector<Real> tile(static_cast<std::size_t>(block * block));
  for (std::int64_t column = 0; column < tiles.column_panels(); ++column) {
    const std::int64_t last_row = tiles.symmetric() ? column + 1 : tiles.row_panels();
    for (std::int64_t row = 0; row < last_row; ++row) {
      tiles.compute(row, column, tile.data());
      for (std::int64_t c = column * block; c < std::min((column + 1) * block, columns); ++c) {
        const std::int64_t end = std::min((row + 1) * block, tiles.symmetric() ? c + 1 : rows);
        for (std::int64_t r = row * block; r < end; ++r) {
          const auto value = static_cast<double>(
              tile[static_cast<std::size_t>(r - row * block + (c - column * block) * block)]);
          matrix[static_cast<std::size_t>(r + c * rows)] = value;
          if (tiles.symmetric()) matrix[static_cast<std::size_t>(c + r * rows)] = value;
        }
      }
    }
  }
  return matrix;
}

template class StoredKernel<float>;
template class StoredKernel<double>;
template std::vector<double> dense_matrix(const KernelTiles<float>&);
template std::vector<double> dense_matrix(const KernelTiles<double>&);

}  // namespace thalweg
