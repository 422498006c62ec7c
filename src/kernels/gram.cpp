#include "kernels/gram.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstddef>
#include <vector>

#include "base/aligned.hpp"
#include "base/clock.hpp"
#include "base/error.hpp"
#include "parallel/interrupt.hpp"

namespace thalweg {

namespace {

constexpr double kRound_s = 1.0;

/// Copies the part of a padded tile that lies inside the matrix to its place.
template <class Real>
void place_tile(const Real* tile, TilePlace place, DistributedMatrix<Real>& gram) {
  const std::int64_t block = gram.block();
  const std::int64_t rows = std::min(block, gram.rows() - place.row * block);
  const std::int64_t columns = std::min(block, gram.columns() - place.column * block);
  const std::int64_t first_row = gram.row_axis().to_local(place.row * block);
  const std::int64_t first_column = gram.column_axis().to_local(place.column * block);
  for (std::int64_t j = 0; j < columns; ++j) {
    std::copy_n(tile + j * block, rows, &gram.local(first_row, first_column + j));
  }
}

/// Zeroes what a tile holds outside the n × n matrix: the file's bytes are then a function of the
/// kernel.
template <class Real>
void clear_padding(Real* tile, TilePlace place, std::int64_t n, std::int64_t block) {
  const std::int64_t rows = std::min(block, n - place.row * block);
  const std::int64_t columns = std::min(block, n - place.column * block);
  for (std::int64_t j = 0; j < block; ++j) {
    std::fill(tile + j * block + (j < columns ? rows : 0), tile + (j + 1) * block, Real{0});
  }
}

}  // namespace

template <class Real>
std::vector<TilePlace> my_upper_tiles(const DistributedMatrix<Real>& gram) {
  std::vector<TilePlace> places;
  const ProcessGrid& grid = gram.grid();
  for (std::int64_t column = grid.my_column(); column < gram.column_axis().blocks();
       column += grid.columns()) {
    for (std::int64_t row = grid.my_row(); row <= column; row += grid.rows()) {
      places.push_back({row, column});
    }
  }
  return places;
}

template <class Real>
bool assemble_gram(const KernelTiles<Real>& tiles, DistributedMatrix<Real>& gram, GramStore* store,
                   const WorkControl& control) {
  const std::int64_t n = tiles.rows();
  const std::int64_t block = tiles.block();
  if (n != tiles.columns() || n != gram.rows() || n != gram.columns() || block != gram.block()) {
    throw Error(
        fmt::format("kernel of {} x {} in tiles of {} does not fit a matrix of {} x {} in {}", n,
                    tiles.columns(), block, gram.rows(), gram.columns(), gram.block()));
  }
  const Communicator& comm = gram.grid().comm();
  const std::vector<TilePlace> places = my_upper_tiles(gram);
  const auto mine = static_cast<std::int64_t>(places.size());
  const std::int64_t total = comm.sum(mine);
  Progress progress(control.log, "Gram tiles", total);
  AlignedVector<Real> tile(static_cast<std::size_t>(block * block));
  std::int64_t next = 0;
  const auto stop_here = [&] { return Interrupt::requested() || control.stop(); };
  // Rounds of about a second: every rank works at its own pace, then all agree to go on, stop or
  // fail.
  for (;;) {
    const Stopwatch round;
    collectively(comm, [&] {
      while (next < mine && round.elapsed_s() < kRound_s && !stop_here()) {
        const TilePlace place = places[static_cast<std::size_t>(next)];
        if (store == nullptr) {
          tiles.compute(place.row, place.column, tile.data());
        } else if (!store->done(place.row, place.column) ||
                   !store->read(place.row, place.column, tile.data())) {
          tiles.compute(place.row, place.column, tile.data());
          clear_padding(tile.data(), place, n, block);
          store->write(place.row, place.column, tile.data());
        }
        place_tile(tile.data(), place, gram);
        ++next;
      }
      if (store != nullptr) store->flush_if_due();
    });
    const std::int64_t done = comm.sum(next);
    progress.update(done);
    if (done == total) break;
    if (comm.any(stop_here())) {
      if (store != nullptr) collectively(comm, [&] { store->flush(); });
      return false;
    }
  }
  progress.finish();
  if (store != nullptr) collectively(comm, [&] { store->flush(); });
  return true;
}

template std::vector<TilePlace> my_upper_tiles(const DistributedMatrix<float>&);
template std::vector<TilePlace> my_upper_tiles(const DistributedMatrix<double>&);
template bool assemble_gram(const KernelTiles<float>&, DistributedMatrix<float>&, GramStore*,
                            const WorkControl&);
template bool assemble_gram(const KernelTiles<double>&, DistributedMatrix<double>&, GramStore*,
                            const WorkControl&);

}  // namespace thalweg
