#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "kernels/kernel_tiles.hpp"
#include "linalg/distributed_matrix.hpp"
#include "parallel/communicator.hpp"

namespace thalweg {

/// Is a kernel too costly to be computed a second time? One whose tiles come in several strips is:
/// residuals then use the values as assembled.
template <class Real>
[[nodiscard]] bool costly(const KernelTiles<Real>& tiles) {
  return tiles.strips() > 1;
}

/// Collective over comm. products ← K · columns, both n × m, column-major, on every rank, with the
/// tiles of K computed anew, widened to float64 and forgotten: each upper tile once for its rows
/// and its columns. No matrix is kept. Memory of a rank: a tile and some 2 log2(240) arrays of n ×
/// m. Sums go along a tree that n alone fixes: the same bits on any number of ranks.
template <class Real>
void multiply_by_tiles(const Communicator& comm, const KernelTiles<Real>& tiles,
                       std::span<const double> columns, std::span<double> products);

/// Collective over comm. The diagonal of a symmetric kernel, from its diagonal tiles, on every
/// rank.
template <class Real>
[[nodiscard]] std::vector<double> tile_diagonal(const Communicator& comm,
                                                const KernelTiles<Real>& tiles);

/// Collective over the matrix's grid. Fills `matrix` (columns() × rows() of `tiles`, the same
/// block) with the transpose of a kernel between two sets, each rank computing what it owns.
template <class Real>
void assemble_transposed(const KernelTiles<Real>& tiles, DistributedMatrix<Real>& matrix);

/// Collective over comm. K α for the rows of `tiles`: rows × outputs, row-major, on every rank; α
/// (`solution`) is columns × outputs, column-major. Tiles are widened to float64, row panels dealt
/// out, and the sum over columns goes in order: bits depend on α and the tiles alone.
template <class Real>
[[nodiscard]] std::vector<double> predict(const Communicator& comm, const KernelTiles<Real>& tiles,
                                          std::span<const double> solution, std::int64_t outputs);

}  // namespace thalweg
