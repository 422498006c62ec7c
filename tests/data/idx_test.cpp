#include <algorithm>

#include "data/class_labels.hpp"
#include "data/sample_files.hpp"
#include "data/support.hpp"

namespace thalweg {
namespace {

using testing_data::Bytes;
using testing_data::expect_refusal;
using testing_data::idx_bytes;
using testing_data::TemporaryFolder;

constexpr std::uint32_t kImages = 0x803;
constexpr std::uint32_t kLabels = 0x801;

/// Three images of 2 × 2 and their labels; a test breaks one of the files.
class Idx : public ::testing::Test {
 protected:
  Idx() {
    write_images(idx_bytes(kImages, {3, 2, 2}, pixels_));
    write_labels(idx_bytes(kLabels, {3}, {7, 0, 9}));
  }
  void write_images(const Bytes& bytes) { folder_.write("train-images-idx3-ubyte", bytes); }
  void write_labels(const Bytes& bytes) { folder_.write("train-labels-idx1-ubyte", bytes); }
  void expect_train_refused(const std::vector<std::string>& pieces) {
    expect_refusal([&] { read_idx(folder_.path(), Half::train); }, pieces);
  }
  /// The three images with these labels as a set's training or test files.
  void write_set(const std::string& stem, const Bytes& labels) {
    folder_.write(stem + "-images-idx3-ubyte", idx_bytes(kImages, {3, 2, 2}, pixels_));
    folder_.write_gz(stem + "-labels-idx1-ubyte.gz", idx_bytes(kLabels, {3}, labels));
  }

  Bytes pixels_{0, 1, 2, 3, 10, 11, 12, 13, 20, 21, 22, 255};
  TemporaryFolder folder_;
};

TEST_F(Idx, ReadsImagesAndLabels) {
  const auto data = read_idx(folder_.path(), Half::train);
  EXPECT_EQ(data.shape, (ImageShape{1, 2, 2}));
  EXPECT_EQ(data.classes, 10);
  EXPECT_EQ(data.labels, (std::vector<std::int32_t>{7, 0, 9}));
  EXPECT_EQ(data.bytes, pixels_);
}

TEST_F(Idx, ReadsTheFirstSamples) {
  auto data = read_idx(folder_.path(), Half::train);
  data.keep_first(2, folder_.path(), Half::train);
  EXPECT_EQ(data.labels, (std::vector<std::int32_t>{7, 0}));
  EXPECT_EQ(data.bytes, Bytes(pixels_.begin(), pixels_.begin() + 8));
}

TEST_F(Idx, ReadsOtherNamesAndCompressedFiles) {
  const TemporaryFolder other;
  other.write("t10k-images.idx3-ubyte", folder_.read("train-images-idx3-ubyte"));
  other.write_gz("t10k-labels.idx1-ubyte.gz", folder_.read("train-labels-idx1-ubyte"));
  const auto data = read_idx(other.path(), Half::test);
  EXPECT_EQ(data.labels, (std::vector<std::int32_t>{7, 0, 9}));
  EXPECT_EQ(data.bytes, pixels_);
}

TEST_F(Idx, RefusesMissingFolderAndFiles) {
  expect_refusal([&] { read_idx(folder_ / "nowhere", Half::train); },
                 {"nowhere", "no such folder"});
  expect_refusal([&] { read_idx(folder_.path(), Half::test); },
                 {folder_.path(), "t10k-images-idx3-ubyte", "t10k-images.idx3-ubyte"});
}

TEST_F(Idx, RefusesAWrongMagicNumber) {
  write_images(idx_bytes(0x0d03, {3, 2, 2}, pixels_));
  expect_train_refused({"train-images-idx3-ubyte", "0x00000d03", "0x00000803"});
}

TEST_F(Idx, RefusesSwappedFiles) {
  write_labels(idx_bytes(kImages, {3, 2, 2}, pixels_));
  expect_train_refused({"train-labels-idx1-ubyte", "0x00000803", "0x00000801"});
}

TEST_F(Idx, RefusesTruncatedFiles) {
  write_images(idx_bytes(kImages, {3, 2, 2}, Bytes(pixels_.begin(), pixels_.end() - 1)));
  expect_train_refused({"train-images-idx3-ubyte", "truncated", "12 bytes", "11"});
  write_images({0, 0, 8});
  expect_train_refused({"truncated", "header", "16 bytes", "found 3"});
  write_images({});
  expect_train_refused({"train-images-idx3-ubyte", "empty"});
}

TEST_F(Idx, RefusesTruncatedLabels) {
  write_labels(idx_bytes(kLabels, {3}, {7, 0}));
  expect_train_refused({"train-labels-idx1-ubyte", "truncated", "3 bytes", "found 2"});
}

TEST_F(Idx, RefusesTrailingBytes) {
  pixels_.push_back(0);
  write_images(idx_bytes(kImages, {3, 2, 2}, pixels_));
  expect_train_refused({"train-images-idx3-ubyte", "longer than the 28 bytes"});
}

TEST_F(Idx, RefusesTrailingLabels) {
  write_labels(idx_bytes(kLabels, {3}, {7, 0, 9, 1}));
  expect_train_refused({"train-labels-idx1-ubyte", "longer than the 11 bytes"});
}

TEST_F(Idx, RefusesCountsThatDiffer) {
  write_labels(idx_bytes(kLabels, {2}, {7, 0}));
  expect_train_refused(
      {"train-labels-idx1-ubyte", "2 labels", "expected 3", "train-images-idx3-ubyte"});
}

TEST_F(Idx, ClassesAreTheDistinctLabelsOfBothHalves) {
  write_labels(idx_bytes(kLabels, {3}, {26, 1, 26}));
  write_set("t10k", {1, 26, 61});
  const auto halves = number_classes(
      {read_idx(folder_.path(), Half::train), read_idx(folder_.path(), Half::test)}, "set");
  EXPECT_EQ(halves.train.classes, 3);
  EXPECT_EQ(halves.test.classes, 3);
  EXPECT_EQ(halves.train.labels, (std::vector<std::int32_t>{1, 0, 1}));
  EXPECT_EQ(halves.test.labels, (std::vector<std::int32_t>{0, 1, 2}));
  EXPECT_EQ(halves.class_names, (std::vector<std::string>{"1", "26", "61"}));
  ASSERT_EQ(halves.notices.size(), 1U);
  EXPECT_NE(halves.notices[0].find("set: the labels are 3 different ones from 1 to 61"),
            std::string::npos)
      << halves.notices[0];
}

TEST_F(Idx, LabelsFromZeroAreClassesWithoutAWord) {
  write_labels(idx_bytes(kLabels, {3}, {1, 0, 1}));
  const auto half = read_idx(folder_.path(), Half::train);
  const auto halves = number_classes({half, half}, "set");
  EXPECT_EQ(halves.train.classes, 2);
  EXPECT_EQ(halves.train.labels, (std::vector<std::int32_t>{1, 0, 1}));
  EXPECT_TRUE(halves.notices.empty());
  write_labels(idx_bytes(kLabels, {3}, {7, 7, 7}));
  const auto one = read_idx(folder_.path(), Half::train);
  expect_refusal([&] { number_classes({one, one}, "set"); }, {"set", "all labels are 7", "two"});
}

TEST_F(Idx, FindsPublishedNamesWithAPrefix) {
  std::filesystem::remove(folder_ / "train-images-idx3-ubyte");
  write_set("emnist-letters-train", {1, 2, 3});
  write_set("emnist-letters-test", {3, 2, 1});
  folder_.write("emnist-letters-train-images-idx3-ubyte.part", {1});
  const std::vector<std::int32_t> labels{3, 2, 1};
  EXPECT_EQ(read_idx(folder_.path(), Half::test).labels, labels);
  write_set("emnist-byclass-train", {61, 60, 0});
  write_set("emnist-byclass-test", {0, 0, 0});
  expect_train_refused({"emnist-byclass, emnist-letters", "choose one", "/emnist-byclass\""});
  EXPECT_EQ(read_idx(folder_ / "emnist-letters", Half::test).labels, labels);
  EXPECT_EQ(read_idx(folder_ / "emnist-byclass", Half::train).classes, 62);
  expect_refusal([&] { read_idx(folder_ / "emnist", Half::train); }, {"no such folder"});
}

TEST_F(Idx, RefusesAbsurdSizesBeforeAllocating) {
  write_images(idx_bytes(kImages, {0xffffffffU, 0xffffffffU, 0xffffffffU}, pixels_));
  expect_train_refused({"4294967295 images of 4294967295 x 4294967295", "1 to 65536"});
  write_images(idx_bytes(kImages, {0xffffffffU, 65536, 65536}, pixels_));
  expect_train_refused({"truncated", "4294967295 images of 65536 x 65536", "at most 0"});
  write_images(idx_bytes(kImages, {3, 0, 2}, pixels_));
  expect_train_refused({"3 images of 0 x 2"});
}

TEST_F(Idx, RefusesNoSamples) {
  write_images(idx_bytes(kImages, {0, 2, 2}, {}));
  write_labels(idx_bytes(kLabels, {0}, {}));
  expect_train_refused({"train-images-idx3-ubyte", "no samples"});
}

TEST_F(Idx, RefusesMoreSamplesThanThereAre) {
  auto data = read_idx(folder_.path(), Half::train);
  expect_refusal([&] { data.keep_first(4, folder_.path(), Half::train); },
                 {"train = 4", "3 samples"});
}

/// As Idx, with compressed images.
class CompressedIdx : public Idx {
 protected:
  CompressedIdx() {
    std::filesystem::remove(folder_ / "train-images-idx3-ubyte");
    // Long enough that a cut is a cut in the stream.
    Bytes noise(400);
    std::uint32_t state = 1;
    for (auto& byte : noise) {
      state = state * 1664525U + 1013904223U;
      byte = static_cast<std::uint8_t>(state >> 24);
    }
    folder_.write_gz("train-images-idx3-ubyte.gz", idx_bytes(kImages, {100, 2, 2}, noise));
    write_labels(idx_bytes(kLabels, {100}, Bytes(100, 3)));
    stream_ = folder_.read("train-images-idx3-ubyte.gz");
  }
  void write_stream() { folder_.write("train-images-idx3-ubyte.gz", stream_); }
  Bytes stream_;
};

TEST_F(CompressedIdx, IsReadWhole) {
  EXPECT_EQ(read_idx(folder_.path(), Half::train).labels.size(), 100U);
}

TEST_F(CompressedIdx, RefusesAnyCut) {
  for (std::size_t left = stream_.size() - 1; left >= 20; left -= 13) {
    stream_.resize(left);
    write_stream();
    expect_train_refused({"train-images-idx3-ubyte.gz", "damaged or cut short"});
  }
}

TEST_F(CompressedIdx, RefusesAWrongChecksum) {
  stream_[stream_.size() - 8] ^= 1;  // the CRC stands before the 4 bytes of the length
  write_stream();
  expect_train_refused({"train-images-idx3-ubyte.gz", "damaged", "incorrect data check"});
}

TEST_F(CompressedIdx, RefusesWhatIsNotCompressed) {
  stream_ = idx_bytes(kImages, {3, 2, 2}, pixels_);
  write_stream();
  expect_train_refused({"train-images-idx3-ubyte.gz", "does not begin as a gzip file"});
}

TEST_F(CompressedIdx, RefusesTrailingBytes) {
  folder_.write_gz("train-images-idx3-ubyte.gz", idx_bytes(kImages, {100, 2, 2}, Bytes(401)));
  expect_train_refused({"train-images-idx3-ubyte.gz", "longer than the 416 bytes"});
}

TEST_F(CompressedIdx, RefusesAbsurdSizesBeforeAllocating) {
  folder_.write_gz("train-images-idx3-ubyte.gz", idx_bytes(kImages, {0x7fffffffU, 28, 28}, {}));
  expect_train_refused({"2147483647 images of 28 x 28", "can hold at most"});
}

}  // namespace
}  // namespace thalweg
