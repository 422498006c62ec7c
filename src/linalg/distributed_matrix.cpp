#include "linalg/distributed_matrix.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <limits>

#include "base/blas_setup.hpp"
#include "base/error.hpp"

namespace thalweg {

template <class Real>
DistributedMatrix<Real>::DistributedMatrix(const ProcessGrid& grid, std::int64_t rows,
                                           std::int64_t columns, std::int64_t block)
    : grid_(&grid),
      row_axis_{rows, block, grid.rows()},
      column_axis_{columns, block, grid.columns()},
      local_rows_(0),
      local_columns_(0),
      leading_dimension_(1) {
  if (rows < 1 || columns < 1 || block < 1) {
    throw Error(fmt::format("distributed matrix: {} x {} in blocks of {} has no elements", rows,
                            columns, block));
  }
  // The largest part, of place (0, 0), decides: every rank must come to the same verdict.
  const std::int64_t most_rows = row_axis_.local_size(0);
  const std::int64_t most_columns = column_axis_.local_size(0);
  constexpr std::int64_t kLimit = std::numeric_limits<int>::max();
  if (most_rows > kLimit || most_columns > kLimit / std::max<std::int64_t>(most_rows, 1)) {
    throw Error(fmt::format(
        "a {} x {} matrix over a {} x {} grid gives a rank {} x {} elements, beyond the 2^31 that "
        "ScaLAPACK addresses; use more ranks",
        rows, columns, grid.rows(), grid.columns(), most_rows, most_columns));
  }
  local_rows_ = row_axis_.local_size(grid.my_row());
  local_columns_ = column_axis_.local_size(grid.my_column());
  leading_dimension_ = std::max<std::int64_t>(1, local_rows_);
  descriptor_ = {1,
                 grid.context(),
                 narrow(rows, "matrix rows"),
                 narrow(columns, "matrix columns"),
                 narrow(block, "block size"),
                 narrow(block, "block size"),
                 0,
                 0,
                 narrow(leading_dimension_, "leading dimension")};
  values_.resize(
      static_cast<std::size_t>(leading_dimension_ * std::max<std::int64_t>(1, local_columns_)));
}

template <class Real>
void DistributedMatrix<Real>::add_to_diagonal(double value) {
  for (std::int64_t j = 0; j < local_columns_; ++j) {
    const std::int64_t global = global_column(j);
    if (global >= rows() || row_axis_.owner(global) != grid_->my_row()) continue;
    Real& element = local(row_axis_.to_local(global), j);
    element = static_cast<Real>(element + value);
  }
}

template <class Real>
double DistributedMatrix<Real>::trace() const {
  std::vector<std::int64_t> places;
  std::vector<double> values;
  for (std::int64_t j = 0; j < local_columns_; ++j) {
    const std::int64_t global = global_column(j);
    if (global >= rows() || row_axis_.owner(global) != grid_->my_row()) continue;
    places.push_back(global);
    values.push_back(static_cast<double>(local(row_axis_.to_local(global), j)));
  }
  const auto all_places = grid_->comm().gather_all(std::span<const std::int64_t>(places));
  const auto all_values = grid_->comm().gather_all(std::span<const double>(values));
  std::vector<double> diagonal(static_cast<std::size_t>(std::min(rows(), columns())));
  for (std::size_t k = 0; k < all_places.size(); ++k) {
    diagonal[static_cast<std::size_t>(all_places[k])] = all_values[k];
  }
  double sum = 0.0;
  for (const double element : diagonal) sum += element;
  return sum;
}

template <class Real>
std::vector<Real> DistributedMatrix<Real>::all_gather() const {
  std::vector<Real> mine;
  mine.reserve(static_cast<std::size_t>(local_rows_ * local_columns_));
  for (std::int64_t j = 0; j < local_columns_; ++j) {
    for (std::int64_t i = 0; i < local_rows_; ++i) mine.push_back(local(i, j));
  }
  const auto all = grid_->comm().gather_all(std::span<const Real>(mine));
  std::vector<Real> whole(static_cast<std::size_t>(rows() * columns()));
  std::size_t next = 0;
  for (int rank = 0; rank < grid_->comm().size(); ++rank) {
    const int grid_row = rank / grid_->columns();
    const int grid_column = rank % grid_->columns();
    const std::int64_t part_rows = row_axis_.local_size(grid_row);
    const std::int64_t part_columns = column_axis_.local_size(grid_column);
    for (std::int64_t j = 0; j < part_columns; ++j) {
      const std::int64_t column = column_axis_.to_global(j, grid_column);
      for (std::int64_t i = 0; i < part_rows; ++i) {
        const std::int64_t row = row_axis_.to_global(i, grid_row);
        whole[static_cast<std::size_t>(row + column * rows())] = all[next++];
      }
    }
  }
  return whole;
}

std::int64_t local_bytes(std::int64_t matrix_rows, std::int64_t matrix_columns, std::int64_t block,
                         int grid_rows, int grid_columns, std::int64_t element_bytes) {
  const CyclicAxis row_axis{matrix_rows, block, grid_rows};
  const CyclicAxis column_axis{matrix_columns, block, grid_columns};
  return row_axis.local_size(0) * column_axis.local_size(0) * element_bytes;
}

template class DistributedMatrix<float>;
template class DistributedMatrix<double>;

}  // namespace thalweg
