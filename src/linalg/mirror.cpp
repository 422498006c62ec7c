#include "linalg/mirror.hpp"

#include <algorithm>

#include "base/aligned.hpp"
#include "linalg/local_blas.hpp"
#include "linalg/rank_sum.hpp"
#include "linalg/upper_cholesky.hpp"

namespace thalweg {

namespace {

/// Moves one strict triangle into the other, tile by tile, the tiles of a block column (upper) or
/// block row (lower) at a time.
template <class Real>
class Mirror {
 public:
  Mirror(DistributedMatrix<Real>& matrix, bool down)
      : a_(&matrix), grid_(&matrix.grid()), b_(matrix.block()), down_(down) {}

  void run() {
    for (std::int64_t j = 0; j < a_->row_axis().blocks(); ++j) {
      move_line(j);
      if (owner(j, j) == grid_->comm().rank()) mirror_corner(j);
    }
  }

 private:
  [[nodiscard]] int owner(std::int64_t row, std::int64_t column) const {
    return grid_->rank_at(static_cast<int>(row % grid_->rows()),
                          static_cast<int>(column % grid_->columns()));
  }
  [[nodiscard]] std::int64_t size(std::int64_t k) const {
    return std::min(b_, a_->rows() - k * b_);
  }
  [[nodiscard]] Real* tile(std::int64_t row, std::int64_t column) {
    return &a_->local(a_->row_axis().to_local(row * b_), a_->column_axis().to_local(column * b_));
  }

  /// The tiles (i, j), i < j, to (j, i), or back.
  void move_line(std::int64_t j) {
    const int me = grid_->comm().rank();
    std::vector<MPI_Request> requests;
    std::vector<std::vector<Real>> sent;
    std::vector<std::pair<std::int64_t, std::vector<Real>>> received;
    for (std::int64_t i = 0; i < j; ++i) {
      const int from = down_ ? owner(i, j) : owner(j, i);
      const int to = down_ ? owner(j, i) : owner(i, j);
      if (to == me && from != me) {
        received.emplace_back(i, std::vector<Real>(static_cast<std::size_t>(size(i) * size(j))));
        grid_->comm().start_receive(std::span<Real>(received.back().second), from,
                                    narrow(i, "message tag"), requests);
      }
    }
    for (std::int64_t i = 0; i < j; ++i) {
      const int from = down_ ? owner(i, j) : owner(j, i);
      const int to = down_ ? owner(j, i) : owner(i, j);
      if (from != me) continue;
      std::vector<Real> turned = transposed(i, j);
      if (to == me) {
        place(i, j, turned);
      } else {
        sent.push_back(std::move(turned));
        grid_->comm().start_send(std::span<const Real>(sent.back()), to, narrow(i, "message tag"),
                                 requests);
      }
    }
    Communicator::wait_all(requests);
    for (const auto& [i, values] : received) place(i, j, values);
  }

  [[nodiscard]] std::vector<Real> transposed(std::int64_t i, std::int64_t j) {
    const std::int64_t rows = down_ ? size(i) : size(j);
    const std::int64_t columns = down_ ? size(j) : size(i);
    const Real* from = down_ ? tile(i, j) : tile(j, i);
    std::vector<Real> values(static_cast<std::size_t>(rows * columns));
    for (std::int64_t c = 0; c < columns; ++c) {
      for (std::int64_t r = 0; r < rows; ++r) {
        values[static_cast<std::size_t>(c + r * columns)] = from[r + c * a_->leading_dimension()];
      }
    }
    return values;
  }

  void place(std::int64_t i, std::int64_t j, const std::vector<Real>& values) {
    const std::int64_t rows = down_ ? size(j) : size(i);
    const std::int64_t columns = down_ ? size(i) : size(j);
    Real* to = down_ ? tile(j, i) : tile(i, j);
    for (std::int64_t c = 0; c < columns; ++c) {
      std::copy_n(values.data() + c * rows, rows, to + c * a_->leading_dimension());
    }
  }

  void mirror_corner(std::int64_t j) {
    Real* corner = tile(j, j);
    const std::int64_t ld = a_->leading_dimension();
    for (std::int64_t c = 0; c < size(j); ++c) {
      for (std::int64_t r = 0; r < c; ++r) {
        (down_ ? corner[c + r * ld] : corner[r + c * ld]) =
            down_ ? corner[r + c * ld] : corner[c + r * ld];
      }
    }
  }

  DistributedMatrix<Real>* a_;
  const ProcessGrid* grid_;
  std::int64_t b_;
  bool down_;
};

}  // namespace

template <class Real>
std::vector<double> mirror_down(DistributedMatrix<Real>& matrix) {
  Mirror<Real>(matrix, true).run();
  return diagonal_of(matrix);
}

template <class Real>
void mirror_up(DistributedMatrix<Real>& matrix, std::span<const double> diagonal) {
  Mirror<Real>(matrix, false).run();
  for (std::int64_t j = 0; j < matrix.local_columns(); ++j) {
    const std::int64_t k = matrix.global_column(j);
    if (matrix.row_axis().owner(k) != matrix.grid().my_row()) continue;
    matrix.local(matrix.row_axis().to_local(k), j) =
        static_cast<Real>(diagonal[static_cast<std::size_t>(k)]);
  }
}

template <class Real>
void multiply_mirrored(const DistributedMatrix<Real>& matrix, std::span<const double> diagonal,
                       std::span<const double> columns, std::span<double> products) {
  const std::int64_t n = matrix.rows();
  const std::int64_t m = static_cast<std::int64_t>(columns.size()) / n;
  const std::int64_t b = matrix.block();
  const ProcessGrid& grid = matrix.grid();
  std::vector<double> sums(columns.size(), 0.0);
  AlignedVector<double> tile(static_cast<std::size_t>(b * b));
  for (std::int64_t j = grid.my_column(); j < matrix.column_axis().blocks(); j += grid.columns()) {
    const std::int64_t width = std::min(b, n - j * b);
    for (std::int64_t i = grid.my_row(); i < matrix.row_axis().blocks(); i += grid.rows()) {
      if (i < j) continue;
      const std::int64_t height = std::min(b, n - i * b);
      const Real* from =
          &matrix.local(matrix.row_axis().to_local(i * b), matrix.column_axis().to_local(j * b));
      for (std::int64_t c = 0; c < width; ++c) {
        for (std::int64_t r = 0; r < height; ++r) {
          tile[static_cast<std::size_t>(r + c * b)] =
              i == j && r <= c ? 0.0
                               : static_cast<double>(from[r + c * matrix.leading_dimension()]);
        }
      }
      blas::gemm(CblasNoTrans, CblasNoTrans, height, m, width, 1.0, tile.data(), b,
                 columns.data() + j * b, n, 1.0, sums.data() + i * b, n);
      blas::gemm(CblasTrans, CblasNoTrans, width, m, height, 1.0, tile.data(), b,
                 columns.data() + i * b, n, 1.0, sums.data() + j * b, n);
    }
  }
  sum_over_ranks(grid.comm(), std::span<double>(sums));
  for (std::size_t i = 0; i < sums.size(); ++i) {
    products[i] = sums[i] + diagonal[i % static_cast<std::size_t>(n)] * columns[i];
  }
}

template std::vector<double> mirror_down(DistributedMatrix<float>&);
template std::vector<double> mirror_down(DistributedMatrix<double>&);
template void mirror_up(DistributedMatrix<float>&, std::span<const double>);
template void mirror_up(DistributedMatrix<double>&, std::span<const double>);
template void multiply_mirrored(const DistributedMatrix<float>&, std::span<const double>,
                                std::span<const double>, std::span<double>);
template void multiply_mirrored(const DistributedMatrix<double>&, std::span<const double>,
                                std::span<const double>, std::span<double>);

}  // namespace thalweg
