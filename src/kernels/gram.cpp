#include "kernels/gram.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstddef>
#include <map>
#include <vector>

#include "base/aligned.hpp"
#include "base/clock.hpp"
#include "base/error.hpp"
#include "kernels/gram_plan.hpp"
#include "kernels/strip_work.hpp"

namespace thalweg {

namespace {

/// The strip of a tile that lies inside the matrix, copied to its place.
template <class Real>
void place_strip(const Real* strip, std::int64_t width, StripPlace place,
                 DistributedMatrix<Real>& gram) {
  const std::int64_t block = gram.block();
  const std::int64_t first = place.column * block + place.strip * width;
  const std::int64_t rows = std::min(block, gram.rows() - place.row * block);
  const std::int64_t columns = std::min(width, gram.columns() - first);
  const std::int64_t local_row = gram.row_axis().to_local(place.row * block);
  for (std::int64_t j = 0; j < columns; ++j) {
    std::copy_n(strip + j * block, rows,
                &gram.local(local_row, gram.column_axis().to_local(first + j)));
  }
}

/// Zeroes what a strip holds outside the matrix and below its diagonal tiles' diagonal: the file's
/// bytes are then a function of the kernel.
template <class Real>
void clear_uncounted(Real* strip, StripPlace place, const GramIdentity& identity) {
  const std::int64_t block = identity.block;
  const std::int64_t width = block / identity.strips;
  const std::int64_t first = place.column * block + place.strip * width;
  const std::int64_t top = place.row * block;
  for (std::int64_t j = 0; j < width; ++j) {
    std::int64_t rows = first + j < identity.columns ? std::min(block, identity.rows - top) : 0;
    if (identity.symmetric) rows = std::min(rows, std::max<std::int64_t>(first + j - top + 1, 0));
    std::fill(strip + j * block + rows, strip + (j + 1) * block, Real{0});
  }
}

/// Strips from a store or, where it lacks them, from the kernel, which then go to the store.
template <class Real>
class StripSource {
 public:
  StripSource(const KernelTiles<Real>& tiles, GramStore* store)
      : tiles_(&tiles),
        identity_(identity_of(tiles, {}, 0)),
        store_(store),
        tile_(static_cast<std::size_t>(tiles.block() * tiles.block())) {}

  /// Local. The strip's values; they stay there until the next call.
  const Real* get(StripPlace place) {
    const std::int64_t width = tiles_->strip_columns();
    Real* strip = tile_.data() + place.strip * width * tiles_->block();
    if (store_ != nullptr && store_->done(place) && store_->read(place, strip)) return strip;
    tiles_->compute_strip(place.row, place.column, place.strip, tile_.data());
    clear_uncounted(strip, place, identity_);
    if (store_ != nullptr) store_->write(place, strip);
    return strip;
  }

 private:
  const KernelTiles<Real>* tiles_;
  GramIdentity identity_;
  GramStore* store_;
  AlignedVector<Real> tile_;
};

/// Where in `work` the strips are that `rank` computes.
std::vector<std::size_t> share_of(const std::vector<StripWork>& work, int rank) {
  std::vector<std::size_t> mine;
  for (std::size_t k = 0; k < work.size(); ++k) {
    if (work[k].worker == rank) mine.push_back(k);
  }
  return mine;
}

/// What others computed for this rank comes home, in the order of the plan. Collective.
template <class Real>
void bring_home(const Communicator& comm, const std::vector<StripWork>& work,
                const std::map<std::size_t, std::vector<Real>>& kept, std::int64_t width,
                DistributedMatrix<Real>& gram) {
  constexpr int kTag = 31;
  std::vector<MPI_Request> sends;
  std::vector<Real> strip(static_cast<std::size_t>(gram.block() * width));
  for (std::size_t k = 0; k < work.size(); ++k) {
    if (work[k].worker != comm.rank() || work[k].owner == comm.rank()) continue;
    comm.start_send(std::span<const Real>(kept.at(k)), work[k].owner, kTag, sends);
  }
  for (const StripWork& item : work) {
    if (item.owner != comm.rank() || item.worker == comm.rank()) continue;
    std::vector<MPI_Request> receipt;
    comm.start_receive(std::span<Real>(strip), item.worker, kTag, receipt);
    Communicator::wait_all(receipt);
    place_strip(strip.data(), width, item.place, gram);
  }
  Communicator::wait_all(sends);
}

/// Most and mean of a number over the ranks. Collective.
void spread_of(const Communicator& comm, double mine_s, AssemblyBalance& balance) {
  balance.busy_longest_s = comm.max(mine_s);
  const auto microseconds = static_cast<std::int64_t>(mine_s * 1e6);
  balance.busy_mean_s = static_cast<double>(comm.sum(microseconds)) * 1e-6 / comm.size();
}

}  // namespace

template <class Real>
GramIdentity identity_of(const KernelTiles<Real>& tiles, const std::string& kernel,
                         std::uint64_t data_hash) {
  GramIdentity identity;
  identity.rows = tiles.rows();
  identity.columns = tiles.columns();
  identity.block = tiles.block();
  identity.strips = tiles.strips();
  identity.element_bytes = sizeof(Real);
  identity.symmetric = tiles.symmetric();
  identity.kernel = kernel;
  identity.data_hash = data_hash;
  return identity;
}

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
                   const WorkControl& control, AssemblyBalance* balance) {
  const std::int64_t n = tiles.rows();
  const std::int64_t block = tiles.block();
  if (!tiles.symmetric() || n != gram.rows() || n != gram.columns() || block != gram.block()) {
    throw Error(
        fmt::format("kernel of {} x {} in tiles of {} does not fit a matrix of {} x {} in {}", n,
                    tiles.columns(), block, gram.rows(), gram.columns(), gram.block()));
  }
  const ProcessGrid& grid = gram.grid();
  const Communicator& comm = grid.comm();
  std::vector<StripWork> work = strips_of(identity_of(tiles, {}, 0), tiles.strips() > 1);
  for (StripWork& item : work) {
    item.owner = grid.rank_at(gram.row_axis().owner(item.place.row * block),
                              gram.column_axis().owner(item.place.column * block));
    // What only has to be read is no work to be shared.
    if (store != nullptr && store->done(item.place)) item.cost = 0;
  }
  even_out(work, comm.size(), store != nullptr ? strips_of_whole_pages(store->identity()) : 1);
  const std::vector<std::size_t> mine = share_of(work, comm.rank());
  StripSource<Real> source(tiles, store);
  std::map<std::size_t, std::vector<Real>> kept;
  double busy_s = 0.0;
  const auto compute = [&](std::int64_t piece) {
    const Stopwatch watch;
    const std::size_t k = mine[static_cast<std::size_t>(piece)];
    const StripWork& item = work[k];
    const Real* strip = source.get(item.place);
    if (item.owner == comm.rank()) {
      place_strip(strip, tiles.strip_columns(), item.place, gram);
    } else {
      kept[k].assign(strip, strip + block * tiles.strip_columns());
    }
    busy_s += watch.elapsed_s();
  };
  if (!work_through(comm, static_cast<std::int64_t>(mine.size()), store, control, "Gram tiles",
                    compute)) {
    return false;
  }
  bring_home(comm, work, kept, tiles.strip_columns(), gram);
  if (balance != nullptr) {
    balance->owners = imbalance_of_owners(work, comm.size());
    balance->workers = imbalance_of_workers(work, comm.size());
    spread_of(comm, busy_s, *balance);
  }
  return true;
}

template <class Real>
bool fill_store(const Communicator& comm, const KernelTiles<Real>& tiles, GramStore& store,
                const WorkControl& control) {
  std::vector<StripWork> work = strips_of(store.identity(), tiles.strips() > 1);
  const auto together = static_cast<std::size_t>(strips_of_whole_pages(store.identity()));
  for (std::size_t k = 0; k < work.size(); ++k) {
    work[k].owner = static_cast<int>(k / together % static_cast<std::size_t>(comm.size()));
    if (store.done(work[k].place)) work[k].cost = 0;
  }
  even_out(work, comm.size(), static_cast<std::int64_t>(together));
  const std::vector<std::size_t> mine = share_of(work, comm.rank());
  StripSource<Real> source(tiles, &store);
  return work_through(
      comm, static_cast<std::int64_t>(mine.size()), &store, control, "kernel tiles",
      [&](std::int64_t piece) { source.get(work[mine[static_cast<std::size_t>(piece)]].place); });
}

#define THALWEG_INSTANTIATE(Real)                                                                 \
  template GramIdentity identity_of(const KernelTiles<Real>&, const std::string&, std::uint64_t); \
  template std::vector<TilePlace> my_upper_tiles(const DistributedMatrix<Real>&);                 \
  template bool assemble_gram(const KernelTiles<Real>&, DistributedMatrix<Real>&, GramStore*,     \
                              const WorkControl&, AssemblyBalance*);                              \
  template bool fill_store(const Communicator&, const KernelTiles<Real>&, GramStore&,             \
                           const WorkControl&);
THALWEG_INSTANTIATE(float)
THALWEG_INSTANTIATE(double)
#undef THALWEG_INSTANTIATE

}  // namespace thalweg
