#include "records/atomic_file.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <utility>

#include "base/error.hpp"
#include "records/file_descriptor.hpp"

namespace thalweg {

namespace fs = std::filesystem;

namespace {

/// Removes the partial file unless it was renamed.
class Partial {
 public:
  explicit Partial(std::string path) : path_(std::move(path)) {}
  ~Partial() {
    if (!kept_) ::unlink(path_.c_str());
  }
  Partial(const Partial&) = delete;
  Partial& operator=(const Partial&) = delete;
  void keep() { kept_ = true; }

 private:
  std::string path_;
  bool kept_ = false;
};

std::string folder_of(const std::string& path) {
  const auto parent = fs::path(path).parent_path();
  return parent.empty() ? "." : parent.string();
}

}  // namespace

std::string partial_name(const std::string& path) {
  const fs::path name(path);
  return (name.parent_path() / fmt::format(".{}.partial", name.filename().string())).string();
}

void sync_folder(const std::string& folder) {
  const FileDescriptor descriptor(folder, O_RDONLY | O_DIRECTORY);
  // Some file systems have no fsync of a folder and say EINVAL; they order renames themselves.
  if (::fsync(descriptor.id()) != 0 && errno != EINVAL) {
    throw Error(fmt::format("{}: fsync failed: {}", folder, std::strerror(errno)));
  }
}

void write_bytes_atomically(const std::string& path, std::string_view bytes) {
  const std::string folder = folder_of(path);
  std::error_code error;
  fs::create_directories(folder, error);
  if (error) {
    throw Error(fmt::format("{}: the folder cannot be made: {}", folder, error.message()));
  }
  const std::string partial = partial_name(path);
  {
    const FileDescriptor file(partial, O_WRONLY | O_CREAT | O_TRUNC);
    Partial guard(partial);
    file.write_at(0, bytes.data(), static_cast<std::int64_t>(bytes.size()));
    file.sync();
    if (::rename(partial.c_str(), path.c_str()) != 0) {
      throw Error(fmt::format("{}: cannot be renamed into place: {}", path, std::strerror(errno)));
    }
    guard.keep();
  }
  sync_folder(folder);
}

}  // namespace thalweg
