#include "records/journal.hpp"

#include <cstring>
#include <filesystem>
#include <fstream>
#include <utility>

#include "base/checksum.hpp"

namespace thalweg {

namespace {

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

/// `path`, its folder made.
const std::string& with_folder(const std::string& path) {
  std::error_code ignored;  // opening the file says what is wrong
  std::filesystem::create_directories(std::filesystem::path(path).parent_path(), ignored);
  return path;
}

}  // namespace

Journal::Journal(const std::string& path, std::int64_t values_per_row)
    : file_(with_folder(path), O_WRONLY | O_CREAT),
      end_(file_.size() / row_bytes(values_per_row) * row_bytes(values_per_row)) {
  file_.truncate(end_);
}

void Journal::append(const JournalRow& row) {
  const auto bytes = packed(row);
  file_.write_at(end_, bytes.data(), static_cast<std::int64_t>(bytes.size()));
  end_ += static_cast<std::int64_t>(bytes.size());
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
