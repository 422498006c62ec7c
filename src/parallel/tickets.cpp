#include "parallel/tickets.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <system_error>
#include <utility>

namespace thalweg {

Tickets::Tickets(const Communicator& world, std::string folder)
    : world_(&world), folder_(std::move(folder)) {
  collectively(world, [&] {
    if (!world_->is_root()) return;
    std::error_code error;
    std::filesystem::remove_all(folder_, error);
    if (!error) std::filesystem::create_directories(folder_, error);
    if (error) throw Error(fmt::format("{}: cannot be made: {}", folder_, error.message()));
  });
}

bool Tickets::take(std::int64_t item) const {
  const std::string path = fmt::format("{}/{}", folder_, item);
  constexpr mode_t mode = 0644;
  const int file = ::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL, mode);
  if (file >= 0) {
    ::close(file);
    return true;
  }
  if (errno == EEXIST) return false;
  throw Error(fmt::format("{}: cannot be made: {}", path, std::strerror(errno)));
}

void Tickets::close() const {
  world_->barrier();
  if (!world_->is_root()) return;
  // Left behind, the tickets would do no harm: the next process removes them first.
  std::error_code ignored;
  std::filesystem::remove_all(folder_, ignored);
  std::filesystem::remove(std::filesystem::path(folder_).parent_path(), ignored);
}

}  // namespace thalweg
