#include "records/journal.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <utility>

#include "base/checksum.hpp"
#include "base/error.hpp"

namespace thalweg {

namespace {

[[noreturn]] void fail(const std::string& path, const char* what) {
  throw Error(fmt::format("{}: {}: {}", path, what, std::strerror(errno)));
}

/// Index, values, checksum of both.
std::int64_t row_bytes(std::int64_t values) {
  return static_cast<std::int64_t>(sizeof(std::int64_t) + sizeof(std::uint64_t)) +
         values * static_cast<std::int64_t>(sizeof(double));
}

std::vector<char> packed(const JournalRow& row) {
  const auto values = row.values.size() * sizeof(double);
  std::vector<char> bytes(sizeof(row.index) + values + sizeof(std::uint64_t));
  std::memcpy(bytes.data(), &row.index, sizeof(row.index));
  std::memcpy(bytes.data() + sizeof(row.index), row.values.data(), values);
  const auto checked = sizeof(row.index) + values;
  const std::uint64_t checksum = block_checksum(bytes.data(), static_cast<std::int64_t>(checked));
  std::memcpy(bytes.data() + checked, &checksum, sizeof(checksum));
  return bytes;
}

}  // namespace

Journal::Journal(std::string path, std::int64_t values_per_row)
    : path_(std::move(path)), values_(values_per_row) {
  std::error_code ignored;
  std::filesystem::create_directories(std::filesystem::path(path_).parent_path(), ignored);
  constexpr int readable = 0644;
  file_ = ::open(path_.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, readable);
  if (file_ < 0) fail(path_, "opening");
  const off_t size = ::lseek(file_, 0, SEEK_END);
  if (size < 0) fail(path_, "seeking");
  const off_t whole = size / row_bytes(values_) * row_bytes(values_);
  if (::ftruncate(file_, whole) != 0) fail(path_, "truncating");
  if (::lseek(file_, 0, SEEK_END) < 0) fail(path_, "seeking");
}

Journal::~Journal() {
  if (file_ >= 0) ::close(file_);
}

void Journal::append(const JournalRow& row) {
  const auto bytes = packed(row);
  std::size_t written = 0;
  while (written < bytes.size()) {
    const ssize_t count = ::write(file_, bytes.data() + written, bytes.size() - written);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) fail(path_, "writing");
    written += static_cast<std::size_t>(count);
  }
}

std::vector<JournalRow> read_journal(const std::string& path, std::int64_t values_per_row) {
  std::vector<JournalRow> rows;
  std::ifstream file(path, std::ios::binary);
  std::vector<char> bytes(static_cast<std::size_t>(row_bytes(values_per_row)));
  while (file.read(bytes.data(), static_cast<std::streamsize>(bytes.size()))) {
    JournalRow row;
    std::memcpy(&row.index, bytes.data(), sizeof(row.index));
    row.values.resize(static_cast<std::size_t>(values_per_row));
    std::memcpy(row.values.data(), bytes.data() + sizeof(row.index),
                row.values.size() * sizeof(double));
    if (packed(row) == bytes) rows.push_back(std::move(row));
  }
  return rows;
}

}  // namespace thalweg
