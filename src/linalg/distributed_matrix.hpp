#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "base/aligned.hpp"
#include "linalg/block_cyclic.hpp"
#include "parallel/process_grid.hpp"

namespace thalweg {

/// A dense rows × columns matrix, dealt out over a process grid in square blocks (ScaLAPACK's 2-D
/// block-cyclic layout, first block at grid place (0, 0)). The local part is column-major. `Real`
/// is float or double. The grid must outlive the matrix.
template <class Real>
class DistributedMatrix {
 public:
  /// Local, but every rank of the grid must make the same matrix. Elements start *uninitialised*.
  /// Throws Error before allocating when a local part would exceed the 2³¹ elements that ScaLAPACK
  /// can address.
  DistributedMatrix(const ProcessGrid& grid, std::int64_t rows, std::int64_t columns,
                    std::int64_t block);
  DistributedMatrix(const ProcessGrid& grid, std::int64_t rows, std::int64_t columns)
      : DistributedMatrix(grid, rows, columns, choose_block(rows)) {}

  [[nodiscard]] const ProcessGrid& grid() const { return *grid_; }
  [[nodiscard]] std::int64_t rows() const { return row_axis_.size; }
  [[nodiscard]] std::int64_t columns() const { return column_axis_.size; }
  [[nodiscard]] std::int64_t block() const { return row_axis_.block; }
  [[nodiscard]] const CyclicAxis& row_axis() const { return row_axis_; }
  [[nodiscard]] const CyclicAxis& column_axis() const { return column_axis_; }

  [[nodiscard]] std::int64_t local_rows() const { return local_rows_; }
  [[nodiscard]] std::int64_t local_columns() const { return local_columns_; }
  [[nodiscard]] std::int64_t leading_dimension() const { return leading_dimension_; }
  [[nodiscard]] std::int64_t global_row(std::int64_t local) const {
    return row_axis_.to_global(local, grid_->my_row());
  }
  [[nodiscard]] std::int64_t global_column(std::int64_t local) const {
    return column_axis_.to_global(local, grid_->my_column());
  }

  /// Local part, column-major.
  [[nodiscard]] Real* data() { return values_.data(); }
  [[nodiscard]] const Real* data() const { return values_.data(); }
  [[nodiscard]] Real& local(std::int64_t row, std::int64_t column) {
    return values_[static_cast<std::size_t>(row + column * leading_dimension_)];
  }
  [[nodiscard]] const Real& local(std::int64_t row, std::int64_t column) const {
    return values_[static_cast<std::size_t>(row + column * leading_dimension_)];
  }
  /// ScaLAPACK's array descriptor.
  [[nodiscard]] const int* descriptor() const { return descriptor_.data(); }

  /// Local. Sets every element of the local part to value(global row, global column).
  template <class Function>
  void fill(Function&& value) {
    for (std::int64_t j = 0; j < local_columns_; ++j) {
      for (std::int64_t i = 0; i < local_rows_; ++i) {
        local(i, j) = static_cast<Real>(value(global_row(i), global_column(j)));
      }
    }
  }

  /// Local. Adds `value` to the diagonal.
  void add_to_diagonal(double value);
  /// Collective over the grid. Σ of the diagonal in float64, added in order of the index: the same
  /// bits on any grid.
  [[nodiscard]] double trace() const;
  /// Collective over the grid. The whole matrix on every rank, column-major; for small or narrow
  /// matrices.
  [[nodiscard]] std::vector<Real> all_gather() const;

 private:
  const ProcessGrid* grid_;
  CyclicAxis row_axis_;
  CyclicAxis column_axis_;
  std::int64_t local_rows_;
  std::int64_t local_columns_;
  std::int64_t leading_dimension_;
  std::array<int, 9> descriptor_{};
  AlignedVector<Real> values_;
};

/// Bytes of the largest local part of such a matrix over a grid of rows × columns. Local.
[[nodiscard]] std::int64_t local_bytes(std::int64_t matrix_rows, std::int64_t matrix_columns,
                                       std::int64_t block, int grid_rows, int grid_columns,
                                       std::int64_t element_bytes);

}  // namespace thalweg
