#include "records/file_seal.hpp"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "base/error.hpp"
#include "records/atomic_file.hpp"
#include "records/record_file.hpp"
#include "records/sample_record.hpp"
#include "support/scratch.hpp"

namespace thalweg {
namespace {

using testing_support::sample_run;
using testing_support::Scratch;

std::string bytes_of(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

void flip(const std::string& path, std::size_t at) {
  std::fstream file(path, std::ios::in | std::ios::out | std::ios::binary);
  file.seekg(static_cast<std::streamoff>(at));
  const int old = file.get();
  file.seekp(static_cast<std::streamoff>(at));
  file.put(static_cast<char>(old ^ 4));
}

TEST(FileSeal, EveryByteOfASealedFileCounts) {
  const Scratch scratch;
  const std::string path = scratch.file("a");
  write_bytes_atomically(path, sealed("a few bytes, fewer than a lane holds"));
  EXPECT_EQ(check_seal(path), Seal::whole);
  const std::size_t size = bytes_of(path).size();
  for (std::size_t at = 0; at < size; ++at) {
    flip(path, at);
    EXPECT_EQ(check_seal(path), Seal::broken) << "byte " << at;
    flip(path, at);
  }
  EXPECT_EQ(check_seal(path), Seal::whole);
}

TEST(FileSeal, AFileWithoutOneHasNone) {
  const Scratch scratch;
  for (const std::string text :
       {"", "short", "longer than any trailer, yet with nothing sealed in it"}) {
    write_bytes_atomically(scratch.file("a"), text);
    EXPECT_EQ(check_seal(scratch.file("a")), Seal::absent);
  }
  write_bytes_atomically(scratch.file("a"), sealed("text"));
  std::filesystem::resize_file(scratch.file("a"), bytes_of(scratch.file("a")).size() - 1);
  EXPECT_EQ(check_seal(scratch.file("a")), Seal::absent);
}

TEST(FileSeal, OpenRangesMayChangeAndNothingElse) {
  const Scratch scratch;
  const std::string path = scratch.file("a");
  write_bytes_atomically(path, std::string(100, 'x'));
  seal_file(path, {{60, 10}, {20, 5}});
  const std::size_t size = bytes_of(path).size();
  for (std::size_t at = 0; at < size; ++at) {
    const bool open = (at >= 20 && at < 25) || (at >= 60 && at < 70);
    flip(path, at);
    EXPECT_EQ(check_seal(path), open ? Seal::whole : Seal::broken) << "byte " << at;
    flip(path, at);
  }
  // A second seal takes the place of the first.
  seal_file(path, {});
  EXPECT_EQ(check_seal(path), Seal::whole);
  EXPECT_EQ(bytes_of(path).substr(0, 100), std::string(100, 'x'));
  flip(path, 22);
  EXPECT_EQ(check_seal(path), Seal::broken);
}

TEST(FileSeal, WhatIsLeftOfARecordsSealIsABrokenOne) {
  const Scratch scratch;
  const std::string path = scratch.file("a.h5");
  write_record(path, sample_run());
  const std::size_t size = bytes_of(path).size();
  flip(path, size - 1);   // the mark
  flip(path, size - 37);  // how many ranges are open
  EXPECT_EQ(check_seal(path), Seal::broken);
  std::filesystem::resize_file(path, size - 1);
  EXPECT_EQ(check_seal(path), Seal::broken);
  // Without all of it, this is a file as HDF5 leaves one.
  std::filesystem::resize_file(path, size - 40);
  EXPECT_EQ(check_seal(path), Seal::absent);
  EXPECT_EQ(read_record(path).arrays.size(), sample_run().arrays.size());
}

TEST(FileSeal, DamagedRecordsAreRefusedBeforeHdf5SeesThem) {
  const Scratch scratch;
  const std::string path = scratch.file("run.h5");
  write_record(path, sample_run());
  EXPECT_EQ(check_seal(path), Seal::whole);
  const std::size_t size = bytes_of(path).size();
  for (std::size_t at = 0; at < size; at += 97) {
    flip(path, at);
    EXPECT_THROW((void)read_record(path), Error) << "byte " << at;
    flip(path, at);
  }
  EXPECT_EQ(read_record(path).arrays.size(), sample_run().arrays.size());
}

}  // namespace
}  // namespace thalweg
