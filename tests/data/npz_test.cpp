#include "data/npz.hpp"

#include <gtest/gtest.h>
#include <zlib.h>

#include <algorithm>
#include <cmath>

#include "data/support.hpp"
#include "data/zip.hpp"

namespace thalweg {
namespace {

using testing_data::Bytes;
using testing_data::expect_refusal;
using testing_data::TemporaryFolder;

Bytes bytes_of(const std::string& text) {
  return {text.begin(), text.end()};
}

const std::vector<NamedArray>& samples() {
  static const std::vector<NamedArray> arrays{
      {"conv1.weight", "<f4", {2, 1, 1, 2}, {0.1F, -0.0, 3e-45F, 3.4e38F}},
      {"norm1.running_var", "<f8", {3}, {0.1, 1e-300, 2.0}},
      {"scalar", "<f8", {}, {7.0}},
      {"none", "<f4", {0, 4}, {}}};
  return arrays;
}

class NpzTest : public ::testing::Test {
 protected:
  NpzTest() {
    write_npz(path_, samples());
    whole_ = folder_.read("a.npz");
  }
  void expect_refused(const Bytes& bytes, std::vector<std::string> pieces) {
    folder_.write("a.npz", bytes);
    pieces.push_back("a.npz");
    expect_refusal([&] { read_npz(path_); }, pieces);
  }
  void expect_refused(const std::vector<ZipEntry>& entries,
                      const std::vector<std::string>& pieces) {
    expect_refused(bytes_of(zip_bytes(entries)), pieces);
  }
  /// Where `text` stands for the `which`-th time.
  std::ptrdiff_t find(const std::string& text, int which) const {
    auto at = whole_.begin();
    for (int k = 0; k < which; ++k) {
      at = std::search(k == 0 ? at : at + 1, whole_.end(), text.begin(), text.end());
    }
    return at - whole_.begin();
  }
  /// One array whose .npy is as given.
  static std::vector<ZipEntry> one(const std::string& type, const std::string& shape,
                                   const std::string& order, std::size_t size_bytes) {
    std::string header =
        "{'descr': '" + type + "', 'fortran_order': " + order + ", 'shape': " + shape + ", }";
    header.resize(117, ' ');
    Bytes bytes{0x93, 'N', 'U', 'M', 'P', 'Y', 1, 0, 118, 0};
    bytes.insert(bytes.end(), header.begin(), header.end());
    bytes.push_back('\n');
    bytes.resize(bytes.size() + size_bytes);
    return {{"w.npy", bytes}};
  }

  TemporaryFolder folder_;
  std::string path_ = folder_ / "a.npz";
  Bytes whole_;
};

TEST_F(NpzTest, ReadsBackTheSameBits) {
  const auto read = read_npz(path_);
  ASSERT_EQ(read.size(), samples().size());
  for (std::size_t i = 0; i < read.size(); ++i) {
    EXPECT_EQ(read[i].name, samples()[i].name);
    EXPECT_EQ(read[i].type, samples()[i].type);
    EXPECT_EQ(read[i].shape, samples()[i].shape);
    EXPECT_EQ(read[i].values, samples()[i].values);
  }
  EXPECT_TRUE(std::signbit(read[0].values[1]));
}

TEST_F(NpzTest, TheSameArraysGiveTheSameBytes) {
  write_npz(folder_ / "b.npz", samples());
  EXPECT_EQ(folder_.read("b.npz"), whole_);
}

TEST_F(NpzTest, RefusesWhatIsCutAnywhere) {
  for (std::size_t size = 1; size < whole_.size(); size += 7) {
    expect_refused(Bytes(whole_.begin(), whole_.begin() + static_cast<std::ptrdiff_t>(size)), {});
  }
}

TEST_F(NpzTest, RefusesAChangedByteOfAnyArray) {
  // Behind the local header's name comes the .npy; the directory names it again later.
  for (const auto& array : samples()) {
    Bytes damaged = whole_;
    damaged[static_cast<std::size_t>(find(array.name + ".npy", 1)) + array.name.size() + 30] ^= 1;
    expect_refused(damaged, {array.name, "checksum"});
  }
}

TEST_F(NpzTest, RefusesOtherFilesAndMethods) {
  expect_refused(bytes_of("not an archive at all, but long enough"), {"no zip file"});
  Bytes damaged = whole_;
  damaged[static_cast<std::size_t>(find("PK\x01\x02", 1)) + 10] = 12;
  expect_refused(damaged, {"conv1.weight", "method 12"});
  damaged = whole_;
  damaged[static_cast<std::size_t>(find("PK\x01\x02", 1)) + 8] = 1;
  expect_refused(damaged, {"conv1.weight", "encrypted"});
  expect_refused(std::vector<ZipEntry>{{"archive/data.pkl", {1, 2}}}, {"data.pkl", "torch.save"});
}

TEST_F(NpzTest, RefusesBrokenArraysByName) {
  expect_refused(std::vector<ZipEntry>{{"w.npy", {1, 2, 3}}}, {"'w'", "truncated"});
  expect_refused(one("<f4", "(2, 3)", "False", 20), {"'w'", "truncated"});
  expect_refused(one("<f4", "(2, 3)", "False", 25), {"'w'", "longer"});
  expect_refused(one("<f4", "(2, 3)", "True", 24), {"'w'", "Fortran"});
  auto twice = one("<f4", "(2, 3)", "False", 24);
  twice.push_back(twice.front());
  expect_refused(twice, {"two arrays 'w'"});
}

TEST_F(NpzTest, NamesTheTypeOfWhatIsNoFloat) {
  for (const char* type : {"|O", "<i8", "<f2", ">f4"}) {
    folder_.write("a.npz", bytes_of(zip_bytes(one(type, "()", "False", 8))));
    const auto read = read_npz(path_);
    ASSERT_EQ(read.size(), 1U);
    EXPECT_EQ(read[0].type, type);
    EXPECT_TRUE(read[0].values.empty());
  }
}

TEST_F(NpzTest, RefusesToWriteOtherTypes) {
  EXPECT_THROW(write_npz(path_, {{"w", "<i8", {1}, {1.0}}}), Error);
}

}  // namespace
}  // namespace thalweg
