#include "records/record.hpp"

#include <gtest/gtest.h>
#include <mpi.h>
#include <sys/mount.h>
#include <sys/wait.h>
#include <unistd.h>

#include <bit>
#include <cmath>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <functional>

#include "base/error.hpp"
#include "records/atomic_file.hpp"
#include "records/hdf5_dataset.hpp"
#include "records/sample_record.hpp"
#include "support/scratch.hpp"

namespace thalweg {
namespace {

using testing_support::sample_run;
using testing_support::Scratch;

void expect_same(const Record& a, const Record& b) {
  EXPECT_EQ(a.attributes, b.attributes);
  EXPECT_EQ(a.group_attributes, b.group_attributes);
  EXPECT_EQ(a.external_links, b.external_links);
  EXPECT_EQ(a.arrays.size(), b.arrays.size());
  for (const auto& [path, array] : a.arrays) {
    if (!b.arrays.contains(path)) {
      ADD_FAILURE() << path << " is missing";
      continue;
    }
    const Array& other = b.arrays.at(path);
    EXPECT_EQ(array.values, other.values) << path;
    EXPECT_EQ(array.shape, other.shape) << path;
    EXPECT_EQ(array.dimensions, other.dimensions) << path;
    EXPECT_EQ(array.units, other.units) << path;
    EXPECT_EQ(array.long_name, other.long_name) << path;
  }
}

std::string message_of(const std::function<void()>& action) {
  try {
    action();
  } catch (const Error& error) {
    return error.what();
  }
  return "nothing was thrown";
}

TEST(Record, EveryTypeReadsBackTheSame) {
  const Scratch scratch;
  Record record = sample_run();
  record.external_links["/runs/a"] = "runs/a.h5";
  write_record(scratch.file("new/folder/run.h5"), record);
  expect_same(record, read_record(scratch.file("new/folder/run.h5")));
  EXPECT_FALSE(std::filesystem::exists(partial_name(scratch.file("new/folder/run.h5"))));
}

TEST(Record, NanAndNegativeZeroKeepTheirBits) {
  const Scratch scratch;
  Record record;
  const double payload = std::bit_cast<double>(std::uint64_t{0x7ff8000000000123});
  record.column("/x", std::vector<double>{payload, -0.0}, "i", "1", "x");
  write_record(scratch.file("x.h5"), record);
  const auto values =
      std::get<std::vector<double>>(read_record(scratch.file("x.h5")).arrays.at("/x").values);
  EXPECT_EQ(std::bit_cast<std::uint64_t>(values.at(0)), std::bit_cast<std::uint64_t>(payload));
  EXPECT_TRUE(std::signbit(values.at(1)));
}

TEST(Record, TransfersInSmallPiecesGiveTheSameBytes) {
  const Scratch scratch;
  const hdf5::QuietErrors quiet;
  Array array{std::vector<double>(5 * 7 * 3), {5, 7, 3}, {"i", "j", "k"}, "1", "x"};
  auto& values = std::get<std::vector<double>>(array.values);
  for (std::size_t i = 0; i < values.size(); ++i) values[i] = static_cast<double>(i);
  for (const std::int64_t bytes : {8, 9, 40, 100, 1000, 100000}) {
    const hdf5::Handle file(
        H5Fcreate(scratch.file("p.h5").c_str(), H5F_ACC_TRUNC, H5P_DEFAULT, H5P_DEFAULT), H5Fclose,
        "p", "create");
    const hdf5::Handle dataset = hdf5::write_dataset(file.id(), "/a", array, "p", bytes);
    const auto outline = hdf5::outline(dataset.id(), "p");
    EXPECT_EQ(hdf5::read_rows(dataset.id(), outline, 0, 5, "p"), array.values) << bytes;
    const auto middle =
        std::get<std::vector<double>>(hdf5::read_rows(dataset.id(), outline, 2, 4, "p", bytes));
    EXPECT_EQ(middle, std::vector<double>(values.begin() + 42, values.begin() + 84)) << bytes;
  }
}

TEST(Record, ShapesThatDoNotFitAreRefused) {
  const Scratch scratch;
  Record record;
  record.arrays["/g/a"] = Array{std::vector<double>{1, 2, 3}, {2}, {"i"}, "1", "a"};
  EXPECT_NE(message_of([&] { write_record(scratch.file("a.h5"), record); }).find("/g/a: 3 values"),
            std::string::npos);
  record.arrays["/g/a"] = Array{std::vector<double>{1, 2, 3}, {3}, {"i"}, "1", "a"};
  record.arrays["/g/b"] = Array{std::vector<double>{1, 2}, {2}, {"i"}, "1", "b"};
  EXPECT_NE(
      message_of([&] { write_record(scratch.file("a.h5"), record); }).find("/g/b: axis i has 2"),
      std::string::npos);
  EXPECT_TRUE(std::filesystem::is_empty(scratch.path())) << "a failed write left something behind";
}

TEST(Record, RefusalsNamePathAndCause) {
  const Scratch scratch;
  std::ofstream(scratch.file("plain")) << "text";
  const Record record = sample_run();
  const std::string below = message_of([&] { write_record(scratch.file("plain/run.h5"), record); });
  EXPECT_NE(below.find("plain"), std::string::npos) << below;
  EXPECT_NE(below.find("Not a directory"), std::string::npos) << below;
  const std::string text = message_of([&] { (void)read_record(scratch.file("plain")); });
  EXPECT_NE(text.find("not an HDF5 file"), std::string::npos) << text;
  const std::string absent = message_of([&] { (void)read_record(scratch.file("absent.h5")); });
  EXPECT_NE(absent.find("No such file"), std::string::npos) << absent;
}

TEST(Record, FullDiskIsAnErrorAndLeavesNothing) {
  const Scratch scratch;
  const std::string disk = scratch.file("full");
  std::filesystem::create_directory(disk);
  if (mount("none", disk.c_str(), "tmpfs", 0, "size=64k") != 0) {
    GTEST_SKIP() << "a small file system cannot be mounted here";
  }
  Record record;
  record.column("/x", std::vector<double>(100000, 1.0), "i", "1", "x");
  const std::string message = message_of([&] { write_record(disk + "/x.h5", record); });
  EXPECT_NE(message.find("No space left"), std::string::npos) << message;
  EXPECT_TRUE(std::filesystem::is_empty(disk));
  EXPECT_EQ(umount2(disk.c_str(), MNT_DETACH), 0);
}

TEST(Record, WriterKilledAtAnyMomentLeavesAWholeFile) {
  int rank = 0;
  MPI_Comm_rank(MPI_COMM_WORLD, &rank);
  if (rank != 0) GTEST_SKIP() << "one rank writes";
  const Scratch scratch;
  const std::string path = scratch.file("run.h5");
  const auto version = [](std::int64_t k) {
    Record record;
    record.attributes["version"] = k;
    record.column("/x", std::vector<double>(20000, static_cast<double>(k)), "i", "1", "x");
    return record;
  };
  write_record(path, version(0));
  for (int round = 0; round < 25; ++round) {
    const pid_t child = fork();
    if (child == 0) {
      for (std::int64_t k = 1;; ++k) write_record(path, version(k));
    }
    usleep(static_cast<useconds_t>(500 + 977 * round));
    kill(child, SIGKILL);
    int status = 0;
    EXPECT_EQ(waitpid(child, &status, 0), child);
    EXPECT_TRUE(WIFSIGNALED(status)) << "the writer ended by itself";
    const Record record = read_record(path);
    const auto k = std::get<std::int64_t>(record.attributes.at("version"));
    EXPECT_EQ(std::get<std::vector<double>>(record.arrays.at("/x").values),
              std::vector<double>(20000, static_cast<double>(k)));
  }
}

}  // namespace
}  // namespace thalweg
