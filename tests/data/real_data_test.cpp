#include <gtest/gtest.h>

#include <cmath>
#include <cstdlib>
#include <filesystem>

#include "data/data_set.hpp"
#include "data/sample_files.hpp"
#include "data/support.hpp"

namespace thalweg {
namespace {

using testing_data::TemporaryFolder;

/// Needs the environment variable THALWEG_DATA: a folder with mnist, fashion-mnist and cifar10.
class RealData : public ::testing::Test {
 protected:
  void SetUp() override {
    const char* root = std::getenv("THALWEG_DATA");
    if (root == nullptr || *root == '\0') GTEST_SKIP() << "THALWEG_DATA is not set";
    root_ = root;
  }
  [[nodiscard]] std::string folder(const char* name) const { return root_ + "/" + name; }

  std::string root_;
};

struct Moments {
  double mean;
  double deviation;
};

/// Of value/255 over one channel.
Moments moments(const LabelledSamples& images, std::int64_t channel) {
  const std::int64_t plane = images.shape.height * images.shape.width;
  const std::int64_t features = images.shape.features();
  const auto n = static_cast<std::int64_t>(images.labels.size());
  double sum = 0.0;
  double squares = 0.0;
  for (std::int64_t i = 0; i < n; ++i) {
    for (std::int64_t j = 0; j < plane; ++j) {
      const double x = images.bytes[static_cast<std::size_t>(i * features + channel * plane + j)];
      sum += x;
      squares += x * x;
    }
  }
  const auto count = static_cast<double>(n * plane);
  const double mean = sum / count;
  return {mean / 255.0, std::sqrt(squares / count - mean * mean) / 255.0};
}

std::vector<std::int32_t> first_labels(const LabelledSamples& images, std::ptrdiff_t count) {
  return {images.labels.begin(), images.labels.begin() + count};
}

TEST_F(RealData, Mnist) {
  const auto train = read_idx(folder("mnist"), Half::train);
  const auto test = read_idx(folder("mnist"), Half::test);
  EXPECT_EQ(train.labels.size(), 60000U);
  EXPECT_EQ(test.labels.size(), 10000U);
  EXPECT_EQ(train.shape, (ImageShape{1, 28, 28}));
  EXPECT_EQ(first_labels(train, 5), (std::vector<std::int32_t>{5, 0, 4, 1, 9}));
  EXPECT_EQ(first_labels(test, 5), (std::vector<std::int32_t>{7, 2, 1, 0, 4}));
  const auto [mean, deviation] = moments(train, 0);
  EXPECT_NEAR(mean, 0.1307, 5e-5);
  EXPECT_NEAR(deviation, 0.3081, 5e-5);
}

TEST_F(RealData, CompressedFilesReadAsPlainOnes) {
  const TemporaryFolder plain;
  for (const std::string name : {"t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte"}) {
    testing_data::Bytes bytes(8'000'000);
    gzFile in = gzopen((folder("mnist") + "/" + name + ".gz").c_str(), "rb");
    bytes.resize(
        static_cast<std::size_t>(gzread(in, bytes.data(), static_cast<unsigned>(bytes.size()))));
    gzclose(in);
    plain.write(name, bytes);
  }
  const auto packed = read_idx(folder("mnist"), Half::test);
  const auto unpacked = read_idx(plain.path(), Half::test);
  EXPECT_EQ(packed.bytes, unpacked.bytes);
  EXPECT_EQ(packed.labels, unpacked.labels);
}

TEST_F(RealData, FashionMnist) {
  const auto train = read_idx(folder("fashion-mnist"), Half::train);
  const auto test = read_idx(folder("fashion-mnist"), Half::test);
  EXPECT_EQ(train.labels.size(), 60000U);
  EXPECT_EQ(first_labels(train, 5), (std::vector<std::int32_t>{9, 0, 0, 3, 0}));
  EXPECT_EQ(first_labels(test, 5), (std::vector<std::int32_t>{9, 2, 1, 1, 6}));
  const auto [mean, deviation] = moments(train, 0);
  EXPECT_NEAR(mean, 0.2860, 5e-5);
  EXPECT_NEAR(deviation, 0.3530, 5e-5);
}

TEST_F(RealData, Cifar10) {
  auto train = read_cifar10(folder("cifar10"), Half::train);
  train.keep_first(10000, "cifar10", Half::train);
  const auto test = read_cifar10(folder("cifar10"), Half::test);
  EXPECT_EQ(train.labels.size(), 10000U);
  EXPECT_EQ(test.labels.size(), 10000U);
  EXPECT_EQ(first_labels(train, 5), (std::vector<std::int32_t>{6, 9, 9, 4, 1}));
  EXPECT_EQ(first_labels(test, 5), (std::vector<std::int32_t>{3, 8, 8, 0, 6}));
  // The first batch is near the published means of all five: .4914, .4822, .4465.
  EXPECT_NEAR(moments(train, 0).mean, 0.4914, 3e-3);
  EXPECT_NEAR(moments(train, 1).mean, 0.4822, 3e-3);
  EXPECT_NEAR(moments(train, 2).mean, 0.4465, 3e-3);
}

TEST_F(RealData, StandardizedMnistHasTheSameHashInBothPlacements) {
  const auto world = Communicator::duplicate(MPI_COMM_WORLD);
  DataOptions options;
  options.source = "idx";
  options.path = folder("mnist");
  options.train = 1000;
  options.test = 200;
  options.preprocess = {"standardize", "unit_norm"};
  const auto node = load_data<float>(options, world, world);
  options.placement = Placement::sharded;
  EXPECT_EQ(load_data<float>(options, world, world).hash, node.hash);
  double norm = 0.0;
  for (const float x : node.test.all_rows().first(784)) norm += static_cast<double>(x) * x;
  EXPECT_NEAR(norm, 1.0, 1e-5);
}

}  // namespace
}  // namespace thalweg
