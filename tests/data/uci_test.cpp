#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "data/sample_files.hpp"
#include "data/support.hpp"
#include "data/uci_set.hpp"

namespace thalweg {
namespace {

using testing_data::Bytes;
using testing_data::expect_refusal;
using testing_data::TemporaryFolder;

class UciTest : public ::testing::Test {
 protected:
  UciTest() {
    std::filesystem::create_directory(folder_ / "toy");
    write("toy_R.dat", "\tf1\tf2\tclase\n1\t0.5\t-1\t0\n2\t1.5\t2\t1\n3\t3\t4\t0\n4\t5\t6\t2\n");
    write("conxuntos.dat", "0 2 \n1 3\n");
    write("conxuntos_kfold.dat", "0 1 2\n3\n1 2 3\n0\n0 2 3\n1\n0 1 3\n2\n");
  }
  void write(const std::string& name, const std::string& text) {
    folder_.write("toy/" + name, Bytes(text.begin(), text.end()));
  }
  void expect_refused(const std::string& name, const std::string& text,
                      std::vector<std::string> pieces) {
    const Bytes before = folder_.read("toy/" + name);
    write(name, text);
    pieces.push_back(name);
    expect_refusal([&] { read_uci_set(folder_ / "toy"); }, pieces);
    folder_.write("toy/" + name, before);
  }
  TemporaryFolder folder_;
};

TEST_F(UciTest, ReadsASet) {
  const UciSet set = read_uci_set((folder_ / "toy") + "/");
  EXPECT_EQ(set.name, "toy");
  EXPECT_EQ(set.features, 2);
  EXPECT_EQ(set.classes, 3);
  EXPECT_EQ(set.rows, (std::vector<double>{0.5, -1, 1.5, 2, 3, 4, 5, 6}));
  EXPECT_EQ(set.labels, (std::vector<std::int32_t>{0, 1, 0, 2}));
  EXPECT_EQ(set.tuning.train, (std::vector<std::int64_t>{0, 2}));
  EXPECT_EQ(set.tuning.test, (std::vector<std::int64_t>{1, 3}));
  EXPECT_EQ(set.hold_outs[2].train, (std::vector<std::int64_t>{0, 2, 3}));
  EXPECT_EQ(set.hold_outs[2].test, (std::vector<std::int64_t>{1}));
}

TEST_F(UciTest, TheSourceTakesOneHoldOutPair) {
  DataOptions options;
  options.source = "uci";
  options.path = folder_ / "toy";
  options.split = 1;
  const auto halves = read_uci(options);
  EXPECT_EQ(halves.train.numbers, (std::vector<double>{1.5, 2, 3, 4, 5, 6}));
  EXPECT_EQ(halves.train.labels, (std::vector<std::int32_t>{1, 0, 2}));
  EXPECT_EQ(halves.test.numbers, (std::vector<double>{0.5, -1}));
  EXPECT_EQ(halves.test.classes, 3);
}

TEST_F(UciTest, RefusesWithLine) {
  expect_refused("toy_R.dat", "\tf1\tf2\tclase\n1\t0.5\t0\n", {":2", "found 3", "expected 4"});
  expect_refused("toy_R.dat", "\tf1\tf2\tclase\n1\tx\t1\t0\n", {":2", "feature 1", "\"x\""});
  expect_refused("toy_R.dat", "\tf1\tf2\tclase\n1\t2\tnan\t0\n", {":2", "feature 2", "nan"});
  expect_refused("toy_R.dat", "\tf1\tf2\tclase\n1\t2\t1e309\t0\n", {":2", "1e309", "overflows"});
  expect_refused("toy_R.dat", "\tf1\tf2\tclase\n1\t2\t3\t-1\n", {":2", "class", "-1"});
  expect_refused("toy_R.dat", "\tf1\tf2\tclase\n1\t2\t3\t.5\n", {":2", "class", ".5"});
  expect_refused("toy_R.dat", "1\t2\t3\t0\n", {":1", "header", "clase"});
  expect_refused("toy_R.dat", "\tf1\tf2\tclase\n", {"no samples"});
  expect_refused("toy_R.dat", "\tf1\tf2\tclase\n1\t2\t3\t0\n", {"all classes are 0"});
  expect_refused("toy_R.dat", "", {"empty"});
  expect_refused("conxuntos.dat", "0 1\n4\n", {":2", "\"4\"", "0 to 3"});
  expect_refused("conxuntos.dat", "0 1\n-1\n", {":2", "\"-1\"", "0 to 3"});
  expect_refused("conxuntos.dat", "0 1\n2 x\n", {":2", "\"x\"", "sample number"});
  expect_refused("conxuntos.dat", "0 1\n2 1\n", {":2", "sample 1 is twice"});
  expect_refused("conxuntos.dat", "0 1\n", {"found 1 lines", "expected 2"});
  expect_refused("conxuntos_kfold.dat", "0\n1\n0\n1\n0\n1\n", {"found 6 lines", "expected 8"});
  expect_refused("conxuntos_kfold.dat", "0\n1\n0\n1\n0\n1\n0\n1\n0\n", {":9", "too many"});
}

TEST_F(UciTest, RefusesMissingFiles) {
  expect_refusal([&] { read_uci_set(folder_ / "nowhere"); }, {"nowhere", "no such folder"});
  std::filesystem::remove(folder_ / "toy/conxuntos_kfold.dat");
  expect_refusal([&] { read_uci_set(folder_ / "toy"); }, {"conxuntos_kfold.dat", "no such file"});
  expect_refusal([&] { uci_set_names(folder_.path()); }, {"found no folder"});
  std::filesystem::remove(folder_ / "toy/toy_R.dat");
  expect_refusal([&] { read_uci_set(folder_ / "toy"); }, {"0 files *_R.dat", "toy_R.dat"});
}

TEST_F(UciTest, NamesAreSortedFolders) {
  for (const char* name : {"b", "a", "c"}) {
    std::filesystem::create_directory(folder_ / name);
    if (name[0] != 'c') folder_.write(fmt::format("{}/conxuntos_kfold.dat", name), {'0'});
  }
  EXPECT_EQ(uci_set_names(folder_.path()), (std::vector<std::string>{"a", "b", "toy"}));
}

TEST(UciCollection, EverySetOfTheCollectionIsWhole) {
  const char* data = std::getenv("THALWEG_DATA");
  const std::string folder = std::string(data == nullptr ? "" : data) + "/uci";
  if (data == nullptr || !std::filesystem::is_directory(folder)) GTEST_SKIP() << "no UCI sets";
  for (const auto& name : uci_set_names(folder)) {
    const UciSet set = read_uci_set(fmt::format("{}/{}", folder, name));
    EXPECT_GE(set.size(), 10) << name;
    // Each pair is all of the set, three quarters of it (up to rounding by class) to train on.
    for (const auto& pair : set.hold_outs) {
      const auto all = static_cast<std::int64_t>(pair.train.size() + pair.test.size());
      EXPECT_LE(all, set.size()) << name;
      EXPECT_GT(pair.train.size(), pair.test.size()) << name;
    }
    if (name != "iris") continue;
    EXPECT_EQ(set.size(), 150);
    EXPECT_EQ(set.features, 4);
    EXPECT_EQ(set.classes, 3);
    EXPECT_EQ(set.rows[0], -0.897674);
  }
}

}  // namespace
}  // namespace thalweg
