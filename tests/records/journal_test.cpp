#include "records/journal.hpp"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "support/scratch.hpp"

namespace thalweg {
namespace {

std::vector<std::int64_t> indices(const std::string& path) {
  std::vector<std::int64_t> found;
  for (const auto& row : read_journal(path, 2)) found.push_back(row.index);
  return found;
}

TEST(Journal, KeepsRowsAcrossProcesses) {
  const testing_support::Scratch folder;
  const std::string path = folder.file("a/rows");
  Journal(path, 2).append({7, {0.5, -1.25}});
  Journal(path, 2).append({3, {1e300, -0.0}});
  const auto rows = read_journal(path, 2);
  ASSERT_EQ(rows.size(), 2U);
  EXPECT_EQ(rows[0].index, 7);
  EXPECT_EQ(rows[1].values, (std::vector<double>{1e300, -0.0}));
  EXPECT_TRUE(read_journal(folder.file("none"), 2).empty());
}

TEST(Journal, ARowCutShortIsNotThereAndIsWrittenOver) {
  const testing_support::Scratch folder;
  const std::string path = folder.file("rows");
  for (std::int64_t i = 0; i < 3; ++i) Journal(path, 2).append({i, {1.0, 2.0}});
  const auto whole = std::filesystem::file_size(path);
  for (std::uintmax_t lost = 1; lost < whole / 3; ++lost) {
    std::filesystem::resize_file(path, whole - lost);
    EXPECT_EQ(indices(path), (std::vector<std::int64_t>{0, 1}));
    Journal(path, 2).append({2, {3.0, 4.0}});
    EXPECT_EQ(indices(path), (std::vector<std::int64_t>{0, 1, 2}));
    EXPECT_EQ(std::filesystem::file_size(path), whole);
  }
}

TEST(Journal, ADamagedRowIsLeftOut) {
  const testing_support::Scratch folder;
  const std::string path = folder.file("rows");
  for (std::int64_t i = 0; i < 3; ++i) Journal(path, 2).append({i, {1.0, 2.0}});
  const auto row = static_cast<std::int64_t>(std::filesystem::file_size(path)) / 3;
  for (std::int64_t byte = row; byte < 2 * row; ++byte) {
    std::fstream file(path, std::ios::in | std::ios::out | std::ios::binary);
    file.seekg(byte);
    const int before = file.get();
    file.seekp(byte);
    file.put(static_cast<char>(before ^ 1));
    file.close();
    EXPECT_EQ(indices(path), (std::vector<std::int64_t>{0, 2})) << "byte " << byte;
    file.open(path, std::ios::in | std::ios::out | std::ios::binary);
    file.seekp(byte);
    file.put(static_cast<char>(before));
  }
}

}  // namespace
}  // namespace thalweg
