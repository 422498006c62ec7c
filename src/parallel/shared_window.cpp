#include "parallel/shared_window.hpp"

#include <fmt/format.h>

#include <exception>
#include <filesystem>
#include <system_error>

#include "parallel/host_name.hpp"

namespace thalweg {

namespace {

/// Where Open MPI lays shared memory, and the share of its free space that it takes at most.
constexpr const char* kPlace = "/dev/shm";
constexpr double kUsable = 0.95;

/// Open MPI itself fails on one rank only, while the others wait inside the call.
void require_room(const Communicator& node, std::int64_t size_bytes, const std::string& cure) {
  constexpr std::int64_t for_mpi = std::int64_t{1} << 16;
  constexpr double mebibyte = 1024.0 * 1024.0;
  collectively(node, [&] {
    if (!node.is_root()) return;
    std::error_code unknown;
    const auto space = std::filesystem::space(kPlace, unknown);
    if (unknown) return;
    const auto free = static_cast<double>(space.available);
    if (kUsable * free >= static_cast<double>(size_bytes + for_mpi)) return;
    throw Error(fmt::format(
        "host {}: {:.1f} MiB of shared memory are needed, {} has {:.1f} MiB free; enlarge it{}",
        host_name(), static_cast<double>(size_bytes) / mebibyte, kPlace, free / mebibyte, cure));
  });
}

}  // namespace

SharedWindow::SharedWindow(const Communicator& node, std::int64_t size_bytes,
                           const std::string& cure)
    : node_(&node), size_bytes_(size_bytes) {
  if (node.size() > 1) require_room(node, size_bytes, cure);
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
