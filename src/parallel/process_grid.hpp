#pragma once

#include <cstdint>

#include "parallel/communicator.hpp"

namespace thalweg {

/// A BLACS grid of rows × columns over the ranks of a communicator, as square as the number of
/// ranks allows with every rank used (rows ≤ columns; 6 ranks make 2 × 3). Released when it dies:
/// BLACS contexts are a finite resource.
class ProcessGrid {
 public:
  /// Collective over `comm`.
  explicit ProcessGrid(const Communicator& comm);
  /// Collective over `comm`; rows · columns must equal its size.
  ProcessGrid(const Communicator& comm, int rows, int columns);
  ProcessGrid(const ProcessGrid&) = delete;
  ProcessGrid& operator=(const ProcessGrid&) = delete;
  ~ProcessGrid();

  [[nodiscard]] int context() const { return context_; }
  [[nodiscard]] int rows() const { return rows_; }
  [[nodiscard]] int columns() const { return columns_; }
  [[nodiscard]] int my_row() const { return my_row_; }
  [[nodiscard]] int my_column() const { return my_column_; }
  [[nodiscard]] const Communicator& comm() const { return *comm_; }
  /// The rank of `comm` at a place of the grid (row-major).
  [[nodiscard]] int rank_at(int row, int column) const { return row * columns_ + column; }

 private:
  const Communicator* comm_;
  int system_handle_ = -1;
  int context_ = -1;
  int rows_ = 1;
  int columns_ = 1;
  int my_row_ = 0;
  int my_column_ = 0;
};

}  // namespace thalweg
