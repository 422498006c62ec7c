#include "kernels/stored_tiles.hpp"

#include <fmt/format.h>

#include "base/error.hpp"

namespace thalweg {

template <class Real>
StoredTiles<Real>::StoredTiles(const GramStore& store) : store_(&store) {
  if (!store.sealed()) throw Error(store.path() + ": not complete");
  if (store.identity().element_bytes != static_cast<std::int64_t>(sizeof(Real))) {
    throw Error(fmt::format("{}: elements of {} bytes, expected {}", store.path(),
                            store.identity().element_bytes, sizeof(Real)));
  }
}

template <class Real>
void StoredTiles<Real>::compute_strip(std::int64_t row, std::int64_t column, std::int64_t strip,
                                      Real* tile) const {
  if (!store_->identity().wanted(row, column)) {
    throw Error(fmt::format("{}: tile ({}, {}) is on the side of the diagonal that is not stored",
                            store_->path(), row, column));
  }
  Real* values = tile + strip * this->strip_columns() * block();
  if (!store_->read({row, column, strip}, values)) {
    throw Error(fmt::format("{}: strip {} of tile ({}, {}) does not match its checksum",
                            store_->path(), strip, row, column));
  }
}

template class StoredTiles<float>;
template class StoredTiles<double>;

}  // namespace thalweg
