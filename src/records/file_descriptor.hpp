#pragma once

#include <fcntl.h>

#include <cstdint>
#include <string>

namespace thalweg {

/// An open file that closes itself; every failure becomes an Error that names file and cause.
/// Local.
class FileDescriptor {
 public:
  /// `flags` as of open(2); O_CLOEXEC is added, and what is made may be read by all.
  FileDescriptor(std::string path, int flags);
  ~FileDescriptor();
  FileDescriptor(const FileDescriptor&) = delete;
  FileDescriptor& operator=(const FileDescriptor&) = delete;

  [[nodiscard]] const std::string& path() const { return path_; }
  [[nodiscard]] int id() const { return id_; }
  /// Bytes.
  [[nodiscard]] std::int64_t size() const;
  /// Exactly `size` bytes from `offset` on; a file that ends before throws.
  void read_at(std::int64_t offset, void* bytes, std::int64_t size) const;
  void write_at(std::int64_t offset, const void* bytes, std::int64_t size) const;
  void truncate(std::int64_t size) const;
  /// Contents and size are on the disk when this returns.
  void sync() const;
  /// The same without times that no reading needs.
  void sync_data() const;

 private:
  std::string path_;
  int id_ = -1;
};

}  // namespace thalweg
