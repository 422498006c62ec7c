#include "kernels/kernel_product.hpp"

#include <algorithm>
#include <type_traits>

#include "base/aligned.hpp"
#include "base/error.hpp"
#include "base/ordered_sum.hpp"
#include "linalg/local_blas.hpp"
#include "parallel/ordered_reduction.hpp"
#include "parallel/partition.hpp"

namespace thalweg {

namespace {

/// Sums of tiles that are dealt out whole.
constexpr std::int64_t kLeaves = 240;

/// Computes tiles and widens them to float64.
template <class Real>
class WideTile {
 public:
  explicit WideTile(const KernelTiles<Real>& tiles)
      : tiles_(&tiles), tile_(static_cast<std::size_t>(tiles.block() * tiles.block())) {
    if constexpr (!std::is_same_v<Real, double>) wide_.resize(tile_.size());
  }
  const double* compute(std::int64_t row, std::int64_t column) {
    tiles_->compute(row, column, tile_.data());
    if constexpr (std::is_same_v<Real, double>) {
      return tile_.data();
    } else {
      std::copy(tile_.begin(), tile_.end(), wide_.begin());
      return wide_.data();
    }
  }

 private:
  const KernelTiles<Real>* tiles_;
  AlignedVector<Real> tile_;
  AlignedVector<double> wide_;
};

void add(AlignedVector<double>& left, const AlignedVector<double>& right) {
  for (std::size_t i = 0; i < left.size(); ++i) left[i] += right[i];
}

}  // namespace

template <class Real>
void multiply_by_tiles(const Communicator& comm, const KernelTiles<Real>& tiles,
                       std::span<const double> columns, std::span<double> products) {
  const std::int64_t n = tiles.rows();
  const std::int64_t m = static_cast<std::int64_t>(columns.size()) / n;
  const std::int64_t b = tiles.block();
  const std::int64_t panels = tiles.row_panels();
  const std::int64_t count = panels * (panels + 1) / 2;
  const std::int64_t leaves = std::min(count, kLeaves);
  const Partition shares(count, static_cast<int>(leaves));
  const OrderedReduction reduction(comm, leaves);
  const VectorSpace space(comm, n * m);
  TreeSum<AlignedVector<double>> tree(leaves);
  WideTile<Real> tile(tiles);
  const auto add_tile = [&](std::int64_t row, std::int64_t column, double* sums) {
    const std::int64_t height = std::min(b, n - row * b);
    const std::int64_t width = std::min(b, n - column * b);
    const double* values = tile.compute(row, column);
    if (row == column) {
      blas::symm(height, m, values, b, columns.data() + row * b, n, sums + row * b, n);
      return;
    }
    blas::gemm(CblasNoTrans, CblasNoTrans, height, m, width, 1.0, values, b,
               columns.data() + column * b, n, 1.0, sums + row * b, n);
    blas::gemm(CblasTrans, CblasNoTrans, width, m, height, 1.0, values, b, columns.data() + row * b,
               n, 1.0, sums + column * b, n);
  };
  collectively(comm, [&] {
    for (std::int64_t leaf = reduction.mine().begin; leaf < reduction.mine().end; ++leaf) {
      const Range share = shares.of(static_cast<int>(leaf));
      AlignedVector<double> sums(columns.size(), 0.0);
      // Upper tiles in order of their columns: tile (row, column) has the number column (column +
      // 1)/2 + row.
      std::int64_t column = 0;
      while ((column + 1) * (column + 2) / 2 <= share.begin) ++column;
      std::int64_t row = share.begin - column * (column + 1) / 2;
      for (std::int64_t at = share.begin; at < share.end; ++at) {
        add_tile(row, column, sums.data());
        if (++row > column) {
          row = 0;
          ++column;
        }
      }
      tree.push({0, leaf}, std::move(sums), add);
    }
  });
  std::vector<AlignedVector<double>> nodes;
  for (auto& node : tree.nodes()) nodes.push_back(std::move(node.second));
  reduction.reduce_to_slices<double>(space, nodes, space.slice_of(products));
  space.gather_in_place(products);
}

template <class Real>
std::vector<double> tile_diagonal(const Communicator& comm, const KernelTiles<Real>& tiles) {
  const std::int64_t b = tiles.block();
  const std::int64_t n = tiles.rows();
  const Partition partition(tiles.row_panels(), comm.size());
  const Range mine = partition.of(comm.rank());
  std::vector<double> diagonal(static_cast<std::size_t>(n));
  WideTile<Real> tile(tiles);
  collectively(comm, [&] {
    for (std::int64_t k = mine.begin; k < mine.end; ++k) {
      const double* values = tile.compute(k, k);
      for (std::int64_t i = 0; i < std::min(b, n - k * b); ++i) {
        diagonal[static_cast<std::size_t>(k * b + i)] = values[i + i * b];
      }
    }
  });
  std::vector<std::int64_t> counts;
  for (int rank = 0; rank < comm.size(); ++rank) {
    const Range range = partition.of(rank);
    counts.push_back(std::min(range.end * b, n) - std::min(range.begin * b, n));
  }
  comm.all_gather_in_place(std::span<double>(diagonal), std::span<const std::int64_t>(counts));
  return diagonal;
}

template <class Real>
void assemble_transposed(const KernelTiles<Real>& tiles, DistributedMatrix<Real>& matrix) {
  const std::int64_t b = tiles.block();
  if (matrix.rows() != tiles.columns() || matrix.columns() != tiles.rows() || matrix.block() != b) {
    throw Error("the transposed kernel does not fit its matrix");
  }
  const ProcessGrid& grid = matrix.grid();
  AlignedVector<Real> tile(static_cast<std::size_t>(b * b));
  collectively(grid.comm(), [&] {
    for (std::int64_t j = grid.my_column(); j < matrix.column_axis().blocks();
         j += grid.columns()) {
      for (std::int64_t i = grid.my_row(); i < matrix.row_axis().blocks(); i += grid.rows()) {
        tiles.compute(j, i, tile.data());
        const std::int64_t first_row = matrix.row_axis().to_local(i * b);
        const std::int64_t first_column = matrix.column_axis().to_local(j * b);
        for (std::int64_t c = 0; c < std::min(b, matrix.columns() - j * b); ++c) {
          for (std::int64_t r = 0; r < std::min(b, matrix.rows() - i * b); ++r) {
            matrix.local(first_row + r, first_column + c) =
                tile[static_cast<std::size_t>(c + r * b)];
          }
        }
      }
    }
  });
}

template <class Real>
std::vector<double> predict(const Communicator& comm, const KernelTiles<Real>& tiles,
                            std::span<const double> solution, std::int64_t outputs) {
  const std::int64_t b = tiles.block();
  const std::int64_t n = tiles.rows();
  const std::int64_t train = tiles.columns();
  const Partition partition(tiles.row_panels(), comm.size());
  const Range mine = partition.of(comm.rank());
  WideTile<Real> tile(tiles);
  std::vector<double> sums(static_cast<std::size_t>(b * outputs));
  std::vector<double> values(static_cast<std::size_t>(n * outputs), 0.0);
  collectively(comm, [&] {
    for (std::int64_t row = mine.begin; row < mine.end; ++row) {
      const std::int64_t height = std::min(b, n - row * b);
      std::fill(sums.begin(), sums.end(), 0.0);
      for (std::int64_t column = 0; column < tiles.column_panels(); ++column) {
        const std::int64_t width = std::min(b, train - column * b);
        const double* elements = tile.compute(row, column);
        blas::gemm(CblasNoTrans, CblasNoTrans, height, outputs, width, 1.0, elements, b,
                   solution.data() + column * b, train, 1.0, sums.data(), b);
      }
      for (std::int64_t i = 0; i < height; ++i) {
        for (std::int64_t c = 0; c < outputs; ++c) {
          values[static_cast<std::size_t>((row * b + i) * outputs + c)] =
              sums[static_cast<std::size_t>(i + c * b)];
        }
      }
    }
  });
  std::vector<std::int64_t> counts;
  for (int rank = 0; rank < comm.size(); ++rank) {
    const Range range = partition.of(rank);
    counts.push_back((std::min(range.end * b, n) - std::min(range.begin * b, n)) * outputs);
  }
  comm.all_gather_in_place(std::span<double>(values), std::span<const std::int64_t>(counts));
  return values;
}

template void multiply_by_tiles(const Communicator&, const KernelTiles<float>&,
                                std::span<const double>, std::span<double>);
template void multiply_by_tiles(const Communicator&, const KernelTiles<double>&,
                                std::span<const double>, std::span<double>);
template std::vector<double> tile_diagonal(const Communicator&, const KernelTiles<float>&);
template std::vector<double> tile_diagonal(const Communicator&, const KernelTiles<double>&);
template void assemble_transposed(const KernelTiles<float>&, DistributedMatrix<float>&);
template void assemble_transposed(const KernelTiles<double>&, DistributedMatrix<double>&);
template std::vector<double> predict(const Communicator&, const KernelTiles<float>&,
                                     std::span<const double>, std::int64_t);
template std::vector<double> predict(const Communicator&, const KernelTiles<double>&,
                                     std::span<const double>, std::int64_t);

}  // namespace thalweg
