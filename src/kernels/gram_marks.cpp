#include "kernels/gram_marks.hpp"

#include <fmt/format.h>

#include <bit>
#include <filesystem>
#include <vector>

#include "kernels/gram_store.hpp"
#include "records/file_descriptor.hpp"

namespace thalweg {

namespace fs = std::filesystem;

namespace {

std::string prefix_of(const fs::path& path) {
  return fmt::format(".{}.marks-", path.filename().string());
}

std::vector<fs::path> journals_of(const fs::path& path) {
  std::vector<fs::path> found;
  std::error_code none;
  const fs::path folder = path.has_parent_path() ? path.parent_path() : fs::path(".");
  for (const auto& entry : fs::directory_iterator(folder, none)) {
    if (entry.path().filename().string().starts_with(prefix_of(path))) {
      found.push_back(entry.path());
    }
  }
  return found;
}

}  // namespace

std::string gram_marks_of(const std::string& path, int rank) {
  // As every file that is not yet whole; --force deletes it with them.
  return (fs::path(path).parent_path() / fmt::format("{}{}.partial", prefix_of(path), rank))
      .string();
}

void append_gram_mark(Journal& marks, std::int64_t entry, std::uint64_t checksum) {
  marks.append({entry, {std::bit_cast<double>(checksum)}});
}

std::int64_t read_gram_marks(const std::string& path, GramFileLayout& layout) {
  std::int64_t count = 0;
  for (const auto& file : journals_of(path)) {
    for (const JournalRow& row : read_journal(file.string(), kGramMarkValues)) {
      if (row.index < 0 || row.index >= static_cast<std::int64_t>(layout.done.size())) continue;
      const auto at = static_cast<std::size_t>(row.index);
      if (layout.done[at] == kUnwanted) continue;
      layout.done[at] = kWritten;
      layout.checksums[at] = std::bit_cast<std::uint64_t>(row.values.front());
      ++count;
    }
  }
  return count;
}

void write_gram_marks(const std::string& file, const GramFileLayout& layout) {
  const FileDescriptor out(file, O_RDWR);
  const auto entries = static_cast<std::int64_t>(layout.done.size());
  // A mark before its checksum would only have its strip computed anew.
  out.write_at(layout.checksum_offset, layout.checksums.data(), entries * 8);
  out.write_at(layout.done_offset, layout.done.data(), entries);
  out.sync();
}

void remove_gram_marks(const std::string& path) {
  std::error_code ignored;
  for (const auto& file : journals_of(path)) fs::remove(file, ignored);
}

}  // namespace thalweg
