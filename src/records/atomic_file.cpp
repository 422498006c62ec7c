#include "records/atomic_file.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <utility>

#include "base/error.hpp"

namespace thalweg {

namespace fs = std::filesystem;

namespace {

[[noreturn]] void fail(const std::string& path, const char* what, int code) {
  throw Error(fmt::format("{}: {}: {}", path, what, std::strerror(code)));
}

/// A file descriptor that closes itself.
class Descriptor {
 public:
  Descriptor(const std::string& path, int flags)
      : id_(::open(path.c_str(), flags | O_CLOEXEC, 0666)) {
    if (id_ < 0) fail(path, "cannot be opened", errno);
  }
  ~Descriptor() {
    if (id_ >= 0) ::close(id_);
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  [[nodiscard]] int id() const { return id_; }

 private:
  int id_;
};

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
  const Descriptor descriptor(folder, O_RDONLY | O_DIRECTORY);
  // Some file systems have no fsync of a folder and say EINVAL; they order renames themselves.
  if (::fsync(descriptor.id()) != 0 && errno != EINVAL) fail(folder, "fsync failed", errno);
}

void write_bytes_atomically(const std::string& path, std::string_view bytes) {
  const std::string folder = folder_of(path);
  std::error_code error;
  fs::create_directories(folder, error);
  if (error) fail(folder, "the folder cannot be made", error.value());
  const std::string partial = partial_name(path);
  {
    const Descriptor descriptor(partial, O_WRONLY | O_CREAT | O_TRUNC);
    Partial guard(partial);
    std::size_t at = 0;
    while (at < bytes.size()) {
      const ssize_t n = ::write(descriptor.id(), bytes.data() + at, bytes.size() - at);
      if (n < 0 && errno == EINTR) continue;
      if (n < 0) fail(path, "cannot be written", errno);
      at += static_cast<std::size_t>(n);
    }
    if (::fsync(descriptor.id()) != 0) fail(partial, "fsync failed", errno);
    if (::rename(partial.c_str(), path.c_str()) != 0)
      fail(path, "cannot be renamed into place", errno);
    guard.keep();
  }
  sync_folder(folder);
}

}  // namespace thalweg
