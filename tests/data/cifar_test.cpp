#include <algorithm>

#include "data/sample_files.hpp"
#include "data/support.hpp"

namespace thalweg {
namespace {

using testing_data::Bytes;
using testing_data::expect_refusal;
using testing_data::TemporaryFolder;

/// Records with the given label bytes and images of one value.
Bytes records(const std::vector<Bytes>& labels, std::uint8_t value) {
  Bytes bytes;
  for (const auto& label : labels) {
    bytes.insert(bytes.end(), label.begin(), label.end());
    bytes.insert(bytes.end(), 3072, value);
  }
  return bytes;
}

TEST(Cifar10, ReadsEveryBatchByNumber) {
  const TemporaryFolder folder;
  folder.write("data_batch_10.bin", records({{4}}, 40));
  folder.write("data_batch_2.bin", records({{2}, {3}}, 20));
  folder.write("data_batch_1.bin", records({{9}}, 10));
  folder.write("test_batch.bin", records({{5}, {6}}, 50));
  const auto train = read_cifar10(folder.path(), Half::train);
  EXPECT_EQ(train.shape, (ImageShape{3, 32, 32}));
  EXPECT_EQ(train.classes, 10);
  EXPECT_EQ(train.labels, (std::vector<std::int32_t>{9, 2, 3, 4}));
  ASSERT_EQ(train.bytes.size(), 4U * 3072U);
  EXPECT_EQ(train.bytes[0], 10);
  EXPECT_EQ(train.bytes[3072], 20);
  EXPECT_EQ(train.bytes.back(), 40);
  EXPECT_EQ(read_cifar10(folder.path(), Half::test).labels, (std::vector<std::int32_t>{5, 6}));
}

TEST(Cifar10, RefusesWhatIsBroken) {
  const TemporaryFolder folder;
  const auto read = [&] { read_cifar10(folder.path(), Half::train); };
  expect_refusal(read, {folder.path(), "data_batch_1.bin"});
  expect_refusal([&] { read_cifar10(folder.path(), Half::test); },
                 {"test_batch.bin", "no such file"});
  expect_refusal([&] { read_cifar10(folder / "nowhere", Half::test); },
                 {"nowhere", "no such folder"});
  auto bytes = records({{1}, {2}}, 0);
  bytes.pop_back();
  folder.write("data_batch_1.bin", bytes);
  expect_refusal(read, {"data_batch_1.bin", "6145 bytes", "3073", "truncated"});
  folder.write("data_batch_1.bin", records({{1}, {10}}, 0));
  expect_refusal(read, {"data_batch_1.bin", "label 10 of record 1", "0 to 9"});
  folder.write("data_batch_1.bin", {});
  expect_refusal(read, {"data_batch_1.bin", "empty"});
}

TEST(Cifar100, ReadsFineLabels) {
  const TemporaryFolder folder;
  folder.write("train.bin", records({{19, 99}, {3, 20}}, 7));
  folder.write("test.bin", records({{0, 0}}, 7));
  const auto train = read_cifar100(folder.path(), Half::train);
  EXPECT_EQ(train.classes, 100);
  EXPECT_EQ(train.labels, (std::vector<std::int32_t>{99, 20}));
  EXPECT_EQ(train.bytes, Bytes(2U * 3072U, 7));
}

TEST(Cifar100, RefusesWhatIsBroken) {
  const TemporaryFolder folder;
  const auto read = [&] { read_cifar100(folder.path(), Half::train); };
  expect_refusal(read, {"train.bin", "no such file"});
  folder.write("train.bin", records({{3, 100}}, 0));
  expect_refusal(read, {"train.bin", "label 100 of record 0", "0 to 99"});
  folder.write("train.bin", records({{20, 5}}, 0));
  expect_refusal(read, {"train.bin", "label 20 of record 0", "0 to 19"});
  folder.write("train.bin", records({{5}}, 0));
  expect_refusal(read, {"train.bin", "3073 bytes", "3074"});
}

}  // namespace
}  // namespace thalweg
