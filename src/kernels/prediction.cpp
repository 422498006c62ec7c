#include <cblas.h>
#include <mpi.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include "base/aligned.hpp"
#include "base/blas_setup.hpp"
#include "kernels/regression.hpp"
#include "parallel/partition.hpp"

namespace thalweg {

namespace {

/// out ← op(tile) · columns, both block × block and block × classes, column-major.
void apply_tile(bool transposed, int b, int classes, const double* tile, const double* in,
                double* out) {
  cblas_dgemm(CblasColMajor, transposed ? CblasTrans : CblasNoTrans, CblasNoTrans, b, classes, b,
              1.0, tile, b, in, b, 0.0, out, b);
}
void apply_tile(bool transposed, int b, int classes, const float* tile, const float* in,
                float* out) {
  cblas_sgemm(CblasColMajor, transposed ? CblasTrans : CblasNoTrans, CblasNoTrans, b, classes, b,
              1.0F, tile, b, in, b, 0.0F, out, b);
}

/// An n × classes array (column-major) cut into panels of block rows, padded with zeros, so that
/// what a tile holds in its padding meets zeros.
template <class Real>
AlignedVector<Real> in_panels(std::span<const Real> values, std::int64_t classes,
                              std::int64_t block) {
  const std::int64_t n = static_cast<std::int64_t>(values.size()) / classes;
  const std::int64_t panels = (n + block - 1) / block;
  AlignedVector<Real> padded(static_cast<std::size_t>(panels * block * classes));
  std::fill(padded.begin(), padded.end(), Real{0});
  for (std::int64_t c = 0; c < classes; ++c) {
    for (std::int64_t i = 0; i < n; ++i) {
      padded[static_cast<std::size_t>((i / block * classes + c) * block + i % block)] =
          values[static_cast<std::size_t>(i + c * n)];
    }
  }
  return padded;
}

/// sums (n × classes, row-major) += a panel's product (block × classes, column-major).
template <class Real>
void add_panel(const std::vector<Real>& product, std::int64_t panel, std::int64_t block,
               std::int64_t n, std::int64_t classes, std::vector<double>& sums) {
  const std::int64_t rows = std::min(block, n - panel * block);
  for (std::int64_t i = 0; i < rows; ++i) {
    for (std::int64_t c = 0; c < classes; ++c) {
      sums[static_cast<std::size_t>((panel * block + i) * classes + c)] +=
          static_cast<double>(product[static_cast<std::size_t>(i + c * block)]);
    }
  }
}

}  // namespace

template <class Real>
double solve_residual(const KernelTiles<Real>& tiles, const DistributedMatrix<Real>& gram,
                      double lambda, std::span<const Real> solution, std::span<const Real> targets,
                      std::int64_t classes) {
  const std::int64_t n = tiles.rows();
  const std::int64_t block = tiles.block();
  const int b = static_cast<int>(block);
  const int c = static_cast<int>(classes);
  const auto alpha = in_panels(solution, classes, block);
  const auto panel = [&](std::int64_t k) { return alpha.data() + k * block * classes; };
  std::vector<double> sums(static_cast<std::size_t>(n * classes), 0.0);
  AlignedVector<Real> tile(static_cast<std::size_t>(block * block));
  std::vector<Real> product(static_cast<std::size_t>(block * classes));
  for (const TilePlace place : my_upper_tiles(gram)) {
    tiles.compute(place.row, place.column, tile.data());
    apply_tile(false, b, c, tile.data(), panel(place.column), product.data());
    add_panel(product, place.row, block, n, classes, sums);
    if (place.row == place.column) continue;
    apply_tile(true, b, c, tile.data(), panel(place.row), product.data());
    add_panel(product, place.column, block, n, classes, sums);
  }
  const Communicator& comm = gram.grid().comm();
  constexpr std::int64_t kPiece = std::int64_t{1} << 26;
  for (std::int64_t at = 0; at < n * classes; at += kPiece) {
    check_mpi(MPI_Allreduce(MPI_IN_PLACE, sums.data() + at,
                            static_cast<int>(std::min(kPiece, n * classes - at)), MPI_DOUBLE,
                            MPI_SUM, comm.handle()),
              "MPI_Allreduce");
  }
  double error = 0.0;
  double size = 0.0;
  for (std::int64_t i = 0; i < n; ++i) {
    for (std::int64_t k = 0; k < classes; ++k) {
      const auto at = static_cast<std::size_t>(i + k * n);
      const auto target = static_cast<double>(targets[at]);
      const double difference = sums[static_cast<std::size_t>(i * classes + k)] +
                                lambda * static_cast<double>(solution[at]) - target;
      error += difference * difference;
      size += target * target;
    }
  }
  return std::sqrt(error / size);
}

template <class Real>
std::vector<double> predict(const Communicator& comm, const KernelTiles<Real>& tiles,
                            std::span<const Real> solution, std::int64_t classes) {
  const std::int64_t block = tiles.block();
  const std::int64_t n = tiles.rows();
  const auto alpha = in_panels(solution, classes, block);
  const Partition partition(tiles.row_panels(), comm.size());
  const Range mine = partition.of(comm.rank());
  AlignedVector<Real> tile(static_cast<std::size_t>(block * block));
  std::vector<Real> product(static_cast<std::size_t>(block * classes));
  std::vector<double> values(static_cast<std::size_t>(n * classes), 0.0);
  for (std::int64_t row = mine.begin; row < mine.end; ++row) {
    for (std::int64_t column = 0; column < tiles.column_panels(); ++column) {
      tiles.compute(row, column, tile.data());
      apply_tile(false, static_cast<int>(block), static_cast<int>(classes), tile.data(),
                 alpha.data() + column * block * classes, product.data());
      add_panel(product, row, block, n, classes, values);
    }
  }
  std::vector<std::int64_t> counts;
  for (int rank = 0; rank < comm.size(); ++rank) {
    const Range range = partition.of(rank);
    counts.push_back((std::min(range.end * block, n) - std::min(range.begin * block, n)) * classes);
  }
  comm.all_gather_in_place(std::span<double>(values), std::span<const std::int64_t>(counts));
  return values;
}

template double solve_residual(const KernelTiles<float>&, const DistributedMatrix<float>&, double,
                               std::span<const float>, std::span<const float>, std::int64_t);
template double solve_residual(const KernelTiles<double>&, const DistributedMatrix<double>&, double,
                               std::span<const double>, std::span<const double>, std::int64_t);
template std::vector<double> predict(const Communicator&, const KernelTiles<float>&,
                                     std::span<const float>, std::int64_t);
template std::vector<double> predict(const Communicator&, const KernelTiles<double>&,
                                     std::span<const double>, std::int64_t);

}  // namespace thalweg
