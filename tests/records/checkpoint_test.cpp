#include "records/checkpoint.hpp"

#include <gtest/gtest.h>
#include <mpi.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <filesystem>
#include <fstream>

#include "records/sample_record.hpp"
#include "support/scratch.hpp"

namespace thalweg {
namespace {

using testing_support::sample_run;
using testing_support::Scratch;

Record generation(std::int64_t k) {
  Record record = sample_run();
  record.attributes["generation"] = k;
  record.column("/x", std::vector<double>(5000, static_cast<double>(k)), "i", "1", "x");
  return record;
}

std::int64_t generation_of(const std::optional<Record>& record) {
  return record ? std::get<std::int64_t>(record->attributes.at("generation")) : -1;
}

/// Flips one bit in the middle of the file's longest array.
void corrupt(const std::string& path) {
  std::fstream file(path, std::ios::in | std::ios::out | std::ios::binary);
  std::string bytes((std::istreambuf_iterator<char>(file)), {});
  // The array holds the same number 5000 times: look for a long stretch with the period of a
  // double.
  std::size_t at = 0;
  while (at + 8000 < bytes.size() && bytes.compare(at, 8000, bytes, at + 8, 8000) != 0) at += 8;
  EXPECT_LT(at + 8000, bytes.size());
  file.clear();
  file.seekp(static_cast<std::streamoff>(at + 4000));
  file.put(static_cast<char>(bytes[at + 4000] ^ 1));
}

TEST(Checkpoint, TheNewestIsReadAndIsTheSame) {
  const Scratch scratch;
  const std::string path = scratch.file("checkpoints/run.checkpoint");
  EXPECT_FALSE(read_newest_checkpoint(path).has_value());
  write_checkpoint(path, generation(1));
  write_checkpoint(path, generation(2));
  CheckpointSource source;
  const auto record = read_newest_checkpoint(path, &source);
  EXPECT_EQ(generation_of(record), 2);
  EXPECT_EQ(source.file, path);
  EXPECT_TRUE(source.skipped.empty());
  EXPECT_EQ(record->attributes, generation(2).attributes);
  EXPECT_EQ(record->arrays.size(), generation(2).arrays.size());
  remove_checkpoint(path);
  EXPECT_TRUE(std::filesystem::is_empty(scratch.file("checkpoints")));
}

TEST(Checkpoint, ABrokenOneFallsBackAndSaysWhy) {
  const Scratch scratch;
  const std::string path = scratch.file("run.checkpoint");
  write_checkpoint(path, generation(1));
  write_checkpoint(path, generation(2));
  corrupt(path);
  CheckpointSource source;
  EXPECT_EQ(generation_of(read_newest_checkpoint(path, &source)), 1);
  EXPECT_EQ(source.file, path + ".previous");
  EXPECT_EQ(source.skipped.size(), 1U);
  EXPECT_NE(source.skipped.at(0).find("its checksum does not match"), std::string::npos)
      << source.skipped.at(0);
  std::filesystem::resize_file(path + ".previous", 1000);
  EXPECT_FALSE(read_newest_checkpoint(path, &source).has_value());
  EXPECT_EQ(source.skipped.size(), 2U);
}

TEST(Checkpoint, KilledWritersAlwaysLeaveAWholeOne) {
  int rank = 0;
  MPI_Comm_rank(MPI_COMM_WORLD, &rank);
  if (rank != 0) GTEST_SKIP() << "one rank writes";
  const Scratch scratch;
  const std::string path = scratch.file("run.checkpoint");
  write_checkpoint(path, generation(0));
  std::int64_t newest = 0;
  for (int round = 0; round < 25; ++round) {
    const pid_t child = fork();
    if (child == 0) {
      for (std::int64_t k = newest + 1;; ++k) write_checkpoint(path, generation(k));
    }
    usleep(static_cast<useconds_t>(500 + 1131 * round));
    kill(child, SIGKILL);
    int status = 0;
    EXPECT_EQ(waitpid(child, &status, 0), child);
    CheckpointSource source;
    const std::int64_t found = generation_of(read_newest_checkpoint(path, &source));
    EXPECT_GE(found, newest) << "work was lost";
    EXPECT_TRUE(source.skipped.empty()) << source.skipped.at(0);
    newest = found;
  }
}

}  // namespace
}  // namespace thalweg
