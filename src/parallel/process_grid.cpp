#include "parallel/process_grid.hpp"

#include <fmt/format.h>

#include <cmath>
#include <cstddef>
#include <exception>
#include <vector>

extern "C" {
int Csys2blacs_handle(MPI_Comm comm);
void Cfree_blacs_system_handle(int handle);
void Cblacs_gridmap(int* context, int* map, int leading_dimension, int rows, int columns);
void Cblacs_gridinfo(int context, int* rows, int* columns, int* my_row, int* my_column);
void Cblacs_set(int context, int what, int* value);
void Cblacs_gridexit(int context);
}

namespace thalweg {

namespace {
int rows_for(int size) {
  int rows = static_cast<int>(std::sqrt(static_cast<double>(size)));
  while (size % rows != 0) --rows;
  return rows;
}
}  // namespace

ProcessGrid::ProcessGrid(const Communicator& comm)
    : ProcessGrid(comm, rows_for(comm.size()), comm.size() / rows_for(comm.size())) {}

ProcessGrid::ProcessGrid(const Communicator& comm, int rows, int columns)
    : comm_(&comm), rows_(rows), columns_(columns) {
  if (rows * columns != comm.size()) {
    throw Error(
        fmt::format("process grid: {} x {} does not use {} ranks", rows, columns, comm.size()));
  }
  // The map is column-major; places are dealt out row-major, as rank_at says.
  std::vector<int> map(static_cast<std::size_t>(rows) * static_cast<std::size_t>(columns));
  for (int row = 0; row < rows; ++row) {
    for (int column = 0; column < columns; ++column) {
      map[static_cast<std::size_t>(column * rows + row)] = rank_at(row, column);
    }
  }
  system_handle_ = Csys2blacs_handle(comm.handle());
  context_ = system_handle_;
  Cblacs_gridmap(&context_, map.data(), rows, rows, columns);
  // Sums in a fixed order: otherwise in that in which messages arrive, and no two runs are the
  // same.
  constexpr int repeatable_topologies = 15;
  int yes = 1;
  Cblacs_set(context_, repeatable_topologies, &yes);
  Cblacs_gridinfo(context_, &rows_, &columns_, &my_row_, &my_column_);
}

ProcessGrid::~ProcessGrid() {
  if (std::uncaught_exceptions() > 0) return;  // leaving the grid is collective
  Cblacs_gridexit(context_);
  Cfree_blacs_system_handle(system_handle_);
}

}  // namespace thalweg
