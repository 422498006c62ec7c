#pragma once

#include <cstdint>
#include <functional>

#include "base/log.hpp"
#include "kernels/gram_store.hpp"
#include "kernels/kernel_tiles.hpp"
#include "linalg/distributed_matrix.hpp"

namespace thalweg {

/// How long work stops early and tells of itself.
struct WorkControl {
  Log log = Log::silent();
  /// Local; asked at every tile. Once true, always true. All ranks stop about a second after the
  /// first.
  std::function<bool()> stop = [] { return false; };
};

/// How evenly the work was spread, and what that took.
struct AssemblyBalance {
  double owners = 1.0;   ///< longest over mean work, had every rank computed what it owns
  double workers = 1.0;  ///< the same as planned
  double busy_longest_s = 0.0;
  double busy_mean_s = 0.0;
};

/// Collective over the matrix's grid. Assembles the symmetric kernel matrix straight into its 2-D
/// block-cyclic place: the tiles of the upper triangle only (the strictly lower ones stay
/// untouched). Each is computed by its owner, but for those few that ranks with less work compute
/// for others and send at the end (even_out). Same bits on any number of ranks. Memory on top of
/// the matrix and the samples: one tile a rank, and the strips computed for others.
///
/// With a store, strips that it holds with a valid checksum are read instead, new ones are written
/// to it; it is left flushed but not sealed. False when stopped before the end (a signal, or
/// `control.stop`). Needs rows() = columns() of `tiles`, and the matrix's block equal to the
/// tiles'.
template <class Real>
bool assemble_gram(const KernelTiles<Real>& tiles, DistributedMatrix<Real>& gram, GramStore* store,
                   const WorkControl& control, AssemblyBalance* balance = nullptr);

/// Collective over comm. Computes the strips that a store lacks, dealt out evenly, into the store
/// alone; left flushed but not sealed. False when stopped before the end.
template <class Real>
bool fill_store(const Communicator& comm, const KernelTiles<Real>& tiles, GramStore& store,
                const WorkControl& control);

/// The identity of a store for `tiles`.
template <class Real>
GramIdentity identity_of(const KernelTiles<Real>& tiles, const std::string& kernel,
                         std::uint64_t data_hash);

/// Local. The tiles of the upper triangle that this rank of the grid owns: (row, column) pairs, row
/// ≤ column.
struct TilePlace {
  std::int64_t row;
  std::int64_t column;
};
template <class Real>
std::vector<TilePlace> my_upper_tiles(const DistributedMatrix<Real>& gram);

}  // namespace thalweg
