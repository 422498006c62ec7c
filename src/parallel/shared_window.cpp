#include "parallel/shared_window.hpp"

#include <exception>

namespace thalweg {

SharedWindow::SharedWindow(const Communicator& node, std::int64_t size_bytes)
    : node_(&node), size_bytes_(size_bytes) {
  const MPI_Aint mine = node.is_root() ? static_cast<MPI_Aint>(size_bytes) : 0;
  void* base = nullptr;
  check_mpi(MPI_Win_allocate_shared(mine, 1, MPI_INFO_NULL, node.handle(), &base, &window_),
            "MPI_Win_allocate_shared");
  MPI_Aint size = 0;
  int unit = 1;
  check_mpi(MPI_Win_shared_query(window_, 0, &size, &unit, &data_), "MPI_Win_shared_query");
  check_mpi(MPI_Win_lock_all(MPI_MODE_NOCHECK, window_), "MPI_Win_lock_all");
}

void SharedWindow::fence() const {
  check_mpi(MPI_Win_sync(window_), "MPI_Win_sync");
  node_->barrier();
  check_mpi(MPI_Win_sync(window_), "MPI_Win_sync");
}

SharedWindow::~SharedWindow() {
  if (std::uncaught_exceptions() > 0) return;  // freeing is collective
  MPI_Win_unlock_all(window_);
  MPI_Win_free(&window_);
}

}  // namespace thalweg
