#include "linalg/upper_cholesky.hpp"

#include <algorithm>

#include "base/aligned.hpp"
#include "base/error.hpp"
#include "linalg/local_blas.hpp"

namespace thalweg {

namespace {

/// Most rows of a panel: a GEMM of this inner size runs near the peak and reads its result seldom.
constexpr std::int64_t kPanelRows = 1024;
/// Fewer for small matrices, whose panels would weigh as much as they do.
constexpr std::int64_t kPanels = 32;
/// Block columns that are updated together.
constexpr std::int64_t kStrip = 4;

std::int64_t panel_blocks(std::int64_t n, std::int64_t block) {
  return std::max<std::int64_t>(1, std::min(kPanelRows, n / kPanels) / block);
}

/// One factorisation: the matrix and what was sent of the panel in work.
template <class Real>
class UpperCholesky {
 public:
  explicit UpperCholesky(DistributedMatrix<Real>& matrix)
      : a_(&matrix),
        grid_(&matrix.grid()),
        b_(matrix.block()),
        blocks_(matrix.row_axis().blocks()),
        in_column_(grid_->comm().split(grid_->my_column())),
        in_row_(grid_->comm().split(grid_->my_row())),
        depth_(std::min(panel_blocks(a_->rows(), b_) * b_, matrix.rows())),
        for_columns_(static_cast<std::size_t>(depth_ * matrix.local_columns())),
        for_rows_(static_cast<std::size_t>(depth_ * matrix.local_rows())) {}

  std::int64_t run(const FactorProgress& progress) {
    for (std::int64_t first = 0; first < blocks_; first += panel_blocks(a_->rows(), b_)) {
      first_ = first;
      end_ = std::min(first + panel_blocks(a_->rows(), b_), blocks_);
      for (std::int64_t k = first_; k < end_; ++k) {
        const std::int64_t failed = factor_row(k);
        if (failed != 0) return k * b_ + failed;
        for (std::int64_t i = k + 1; i < end_; ++i) {
          if (i % grid_->rows() == grid_->my_row()) update_row(k, i);
        }
      }
      update_trailing();
      const double left = 1.0 - static_cast<double>(end_) / static_cast<double>(blocks_);
      if (progress) progress(1.0 - left * left * left);
    }
    return 0;
  }

 private:
  [[nodiscard]] std::int64_t rows_of(std::int64_t k) const {
    return std::min(b_, a_->rows() - k * b_);
  }
  [[nodiscard]] std::int64_t column_of(std::int64_t k) const {  ///< first local column ≥ block k
    return a_->column_axis().local_size_before(k * b_, grid_->my_column());
  }
  [[nodiscard]] std::int64_t row_of(std::int64_t k) const {
    return a_->row_axis().local_size_before(k * b_, grid_->my_row());
  }
  [[nodiscard]] Real* at(std::int64_t row, std::int64_t column) {
    return a_->data() + row + column * a_->leading_dimension();
  }

  /// Factors block row k and hands it out; 0, or the order within the block that failed, on every
  /// rank.
  std::int64_t factor_row(std::int64_t k) {
    const std::int64_t rows = rows_of(k);
    const int home_row = static_cast<int>(k % grid_->rows());
    const int home_column = static_cast<int>(k % grid_->columns());
    const std::int64_t behind = column_of(k + 1);
    const std::int64_t width = a_->local_columns() - behind;
    // The last element carries the order that failed: a small whole number, exact in float32.
    AlignedVector<Real> sent(static_cast<std::size_t>(rows * width + 1));
    if (grid_->my_row() == home_row) {
      std::vector<Real> corner(static_cast<std::size_t>(rows * rows + 1));
      const std::int64_t row = row_of(k);
      if (grid_->my_column() == home_column) {
        Real* diagonal = at(row, column_of(k));
        corner.back() = static_cast<Real>(blas::factor(rows, diagonal, a_->leading_dimension()));
        for (std::int64_t j = 0; j < rows; ++j) {
          std::copy_n(diagonal + j * a_->leading_dimension(), rows, corner.data() + j * rows);
        }
      }
      in_row_.broadcast(std::span<Real>(corner), home_column);
      if (corner.back() == Real{0} && width > 0) {
        blas::solve_triangle(CblasTrans, rows, width, corner.data(), rows, at(row, behind),
                             a_->leading_dimension());
        for (std::int64_t j = 0; j < width; ++j) {
          std::copy_n(at(row, behind + j), rows, sent.data() + j * rows);
        }
      }
      sent.back() = corner.back();
    }
    in_column_.broadcast(std::span<Real>(sent), home_row);
    if (sent.back() != Real{0}) return static_cast<std::int64_t>(sent.back());
    const std::int64_t depth = (k - first_) * b_;
    for (std::int64_t j = 0; j < width; ++j) {
      std::copy_n(sent.data() + j * rows, rows,
                  for_columns_.data() + (behind + j) * depth_ + depth);
    }
    spread_to_rows(k, sent, rows, behind);
    return 0;
  }

  /// Block columns i of the panel's row k with i ≡ my row of the grid, from the ranks of this row.
  void spread_to_rows(std::int64_t k, const AlignedVector<Real>& sent, std::int64_t rows,
                      std::int64_t behind) {
    const auto each_block = [&](int column, const auto& action) {
      for (std::int64_t i = k + 1; i < blocks_; ++i) {
        if (i % grid_->rows() == grid_->my_row() && i % grid_->columns() == column) action(i);
      }
    };
    std::vector<std::int64_t> counts(static_cast<std::size_t>(grid_->columns()), 0);
    std::int64_t total = 0;
    for (int column = 0; column < grid_->columns(); ++column) {
      auto& count = counts[static_cast<std::size_t>(column)];
      each_block(column, [&](std::int64_t i) { count += rows * rows_of(i); });
      total += count;
    }
    std::vector<Real> mine;
    each_block(grid_->my_column(), [&](std::int64_t i) {
      const auto from = sent.begin() + (column_of(i) - behind) * rows;
      mine.insert(mine.end(), from, from + rows * rows_of(i));
    });
    AlignedVector<Real> all(static_cast<std::size_t>(total));
    in_row_.all_gather(std::span<const Real>(mine), std::span<Real>(all),
                       std::span<const std::int64_t>(counts));
    const Real* from = all.data();
    const std::int64_t depth = (k - first_) * b_;
    for (int column = 0; column < grid_->columns(); ++column) {
      each_block(column, [&](std::int64_t i) {
        for (std::int64_t j = 0; j < rows_of(i); ++j, from += rows) {
          std::copy_n(from, rows, for_rows_.data() + (row_of(i) + j) * depth_ + depth);
        }
      });
    }
  }

  /// What block row k takes from block row i of the same panel.
  void update_row(std::int64_t k, std::int64_t i) {
    const std::int64_t depth = (k - first_) * b_;
    const std::int64_t row = row_of(i);
    const Real* left = for_rows_.data() + row * depth_ + depth;
    std::int64_t column = column_of(i);
    if (i % grid_->columns() == grid_->my_column()) {
      blas::subtract_gram(rows_of(i), rows_of(k), left, depth_, at(row, column),
                          a_->leading_dimension());
      column = column_of(i + 1);
    }
    blas::gemm(CblasTrans, CblasNoTrans, rows_of(i), a_->local_columns() - column, rows_of(k),
               Real{-1}, left, depth_, for_columns_.data() + column * depth_ + depth, depth_,
               Real{1}, at(row, column), a_->leading_dimension());
  }

  /// What the panel takes from everything behind it.
  void update_trailing() {
    if (end_ == blocks_) return;
    const std::int64_t depth = (end_ - first_) * b_;
    const int stride = grid_->columns();
    const std::int64_t phase = (grid_->my_column() - end_ % stride + stride) % stride;
    const std::int64_t top = row_of(end_);
    const auto subtract = [&](std::int64_t row, std::int64_t rows, std::int64_t column,
                              std::int64_t columns) {
      blas::gemm(CblasTrans, CblasNoTrans, rows, columns, depth, Real{-1},
                 for_rows_.data() + row * depth_, depth_, for_columns_.data() + column * depth_,
                 depth_, Real{1}, at(row, column), a_->leading_dimension());
    };
    for (std::int64_t j = end_ + phase; j < blocks_; j += kStrip * stride) {
      // Rows above the strip's first block column: one product; the staircase below it by blocks.
      const std::int64_t last = std::min(j + (kStrip - 1) * stride + 1, blocks_);
      const std::int64_t split = row_of(j);
      subtract(top, split - top, column_of(j), column_of(last) - column_of(j));
      for (std::int64_t i = j; i < last; i += stride) {
        const std::int64_t column = column_of(i);
        subtract(split, row_of(i) - split, column, rows_of(i));
        if (i % grid_->rows() == grid_->my_row()) {
          blas::subtract_gram(rows_of(i), depth, for_columns_.data() + column * depth_, depth_,
                              at(row_of(i), column), a_->leading_dimension());
        }
      }
    }
  }

  DistributedMatrix<Real>* a_;
  const ProcessGrid* grid_;
  std::int64_t b_;
  std::int64_t blocks_;
  Communicator in_column_;  ///< ranks of this column of the grid, by row
  Communicator in_row_;
  std::int64_t depth_;               ///< rows of a whole panel
  AlignedVector<Real> for_columns_;  ///< depth × local columns: the panel at this rank's columns
  AlignedVector<Real> for_rows_;     ///< depth × local rows: the panel at this rank's rows
  std::int64_t first_ = 0;           ///< block rows of the panel in work
  std::int64_t end_ = 0;
};

}  // namespace

template <class Real>
std::int64_t upper_cholesky(DistributedMatrix<Real>& matrix, const FactorProgress& progress) {
  if (matrix.rows() != matrix.columns()) throw Error("Cholesky needs a square matrix");
  return UpperCholesky<Real>(matrix).run(progress);
}

std::int64_t cholesky_bytes(std::int64_t n, std::int64_t block, int grid_rows, int grid_columns,
                            std::int64_t element_bytes) {
  const std::int64_t depth = std::min(panel_blocks(n, block) * block, n);
  const std::int64_t columns = CyclicAxis{n, block, grid_columns}.local_size(0);
  const std::int64_t rows = CyclicAxis{n, block, grid_rows}.local_size(0);
  // Panels, and what one block row sends and receives.
  return (depth * (columns + rows) + block * (columns + 2 * rows)) * element_bytes;
}

template std::int64_t upper_cholesky(DistributedMatrix<float>&, const FactorProgress&);
template std::int64_t upper_cholesky(DistributedMatrix<double>&, const FactorProgress&);

}  // namespace thalweg
