#include "records/file_descriptor.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>

#include "base/error.hpp"

namespace thalweg {

namespace {

[[noreturn]] void fail(const std::string& path, const char* what) {
  throw Error(fmt::format("{}: {}: {}", path, what, std::strerror(errno)));
}

}  // namespace

FileDescriptor::FileDescriptor(std::string path, int flags) : path_(std::move(path)) {
  constexpr int readable_by_all = 0666;
  id_ = ::open(path_.c_str(), flags | O_CLOEXEC, readable_by_all);
  if (id_ < 0) fail(path_, "cannot be opened");
}

FileDescriptor::~FileDescriptor() {
  if (id_ >= 0) ::close(id_);
}

std::int64_t FileDescriptor::size() const {
  const off_t end = ::lseek(id_, 0, SEEK_END);
  if (end < 0) fail(path_, "seeking");
  return end;
}

void FileDescriptor::read_at(std::int64_t offset, void* bytes, std::int64_t size) const {
  auto* next = static_cast<char*>(bytes);
  while (size > 0) {
    const ssize_t moved = ::pread(id_, next, static_cast<std::size_t>(size), offset);
    if (moved < 0 && errno == EINTR) continue;
    if (moved < 0) fail(path_, "cannot be read");
    if (moved == 0) throw Error(fmt::format("{}: ends at byte {}, cut short", path_, offset));
    next += moved;
    offset += moved;
    size -= moved;
  }
}

void FileDescriptor::write_at(std::int64_t offset, const void* bytes, std::int64_t size) const {
  const auto* next = static_cast<const char*>(bytes);
  while (size > 0) {
    const ssize_t moved = ::pwrite(id_, next, static_cast<std::size_t>(size), offset);
    if (moved < 0 && errno == EINTR) continue;
    if (moved < 0) fail(path_, "cannot be written");
    next += moved;
    offset += moved;
    size -= moved;
  }
}

void FileDescriptor::truncate(std::int64_t size) const {
  if (::ftruncate(id_, size) != 0) fail(path_, "cannot be cut to its size");
}

void FileDescriptor::sync() const {
  if (::fsync(id_) != 0) fail(path_, "fsync failed");
}

void FileDescriptor::sync_data() const {
  if (::fdatasync(id_) != 0) fail(path_, "fdatasync failed");
}

}  // namespace thalweg
