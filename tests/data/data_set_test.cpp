#include "data/data_set.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <numeric>
#include <optional>

#include "data/glyphs.hpp"
#include "data/support.hpp"

namespace thalweg {
namespace {

using testing_data::expect_refusal;
using testing_data::idx_bytes;
using testing_data::TemporaryFolder;

DataOptions small_glyphs(Placement placement) {
  DataOptions options;
  options.train = 300;
  options.test = 70;
  options.image_size = 12;
  options.seed = 9;
  options.preprocess = {"standardize", "unit_norm"};
  options.placement = placement;
  return options;
}

class DataSetTest : public ::testing::Test {
 protected:
  Communicator world_ = Communicator::duplicate(MPI_COMM_WORLD);
  Communicator alone_ = Communicator::duplicate(MPI_COMM_SELF);
};

TEST_F(DataSetTest, GlyphsWithoutPreprocessingAreBytesOver255) {
  auto options = small_glyphs(Placement::node);
  options.preprocess.clear();
  const auto data = load_data<double>(options, world_, world_);
  EXPECT_EQ(data.train.size(), 300);
  EXPECT_EQ(data.test.size(), 70);
  EXPECT_EQ(data.train.features(), 144);
  EXPECT_EQ(data.train.classes(), 10);
  EXPECT_EQ(data.train.shape(), (ImageShape{1, 12, 12}));
  const Glyphs glyphs(9, 12);
  std::vector<std::uint8_t> pixels(144);
  for (const std::int64_t i : {0, 63, 64, 69}) {
    for (const bool test : {false, true}) {
      const auto& split = test ? data.test : data.train;
      const std::int64_t index = test ? Glyphs::test_offset + i : i;
      glyphs.draw(index, pixels);
      EXPECT_EQ(split.labels()[static_cast<std::size_t>(i)], glyphs.label(index));
      for (std::size_t j = 0; j < 144; ++j) {
        EXPECT_EQ(split.all_rows()[static_cast<std::size_t>(i) * 144 + j], pixels[j] / 255.0);
      }
    }
  }
}

TEST_F(DataSetTest, ASampleDoesNotDependOnTheCounts) {
  auto options = small_glyphs(Placement::node);
  options.preprocess.clear();
  const auto many = load_data<float>(options, world_, world_);
  options.train = 65;
  options.test = 33;
  const auto few = load_data<float>(options, world_, world_);
  EXPECT_TRUE(std::equal(few.train.all_rows().begin(), few.train.all_rows().end(),
                         many.train.all_rows().begin()));
  EXPECT_TRUE(std::equal(few.test.all_rows().begin(), few.test.all_rows().end(),
                         many.test.all_rows().begin()));
}

template <class Real>
void expect_same_everywhere(const Communicator& world, const Communicator& alone) {
  const auto by_one = load_data<Real>(small_glyphs(Placement::node), alone, alone);
  const auto node = load_data<Real>(small_glyphs(Placement::node), world, world);
  const auto sharded = load_data<Real>(small_glyphs(Placement::sharded), world, world);
  const auto own_shards = load_data<Real>(small_glyphs(Placement::sharded), world, alone);
  EXPECT_EQ(node.hash, by_one.hash);
  EXPECT_EQ(sharded.hash, by_one.hash);
  EXPECT_EQ(own_shards.hash, by_one.hash);
  EXPECT_TRUE(std::equal(node.train.all_rows().begin(), node.train.all_rows().end(),
                         by_one.train.all_rows().begin(), by_one.train.all_rows().end()));
  EXPECT_TRUE(std::equal(node.test.all_rows().begin(), node.test.all_rows().end(),
                         by_one.test.all_rows().begin(), by_one.test.all_rows().end()));
  EXPECT_EQ(sharded.description, by_one.description);
}

TEST_F(DataSetTest, BitsDependOnNeitherRanksNorPlacement) {
  expect_same_everywhere<double>(world_, alone_);
  expect_same_everywhere<float>(world_, alone_);
}

TEST_F(DataSetTest, TheHashSeesRowsLabelsAndHalves) {
  const auto hash = [&](const DataOptions& options) {
    return load_data<double>(options, world_, world_).hash;
  };
  const auto base = small_glyphs(Placement::node);
  auto other = base;
  other.seed = 10;
  EXPECT_NE(hash(other), hash(base));
  other = base;
  other.test = 71;
  EXPECT_NE(hash(other), hash(base));
  other = base;
  other.preprocess = {"unit_norm", "standardize"};
  EXPECT_NE(hash(other), hash(base));
}

TEST_F(DataSetTest, FetchGivesTheSameRowsFromBothPlacements) {
  const auto node = load_data<float>(small_glyphs(Placement::node), world_, world_);
  const auto sharded = load_data<float>(small_glyphs(Placement::sharded), world_, world_);
  const auto features = static_cast<std::size_t>(node.train.features());
  // Repeated, out of order, from every shard; the last rank of several asks for nothing.
  const std::vector<std::int64_t> samples{299, 0, 64, 63, 64, 64, 128, 7, 255, 256, 0, 17, 298};
  const int busy = std::max(1, world_.size() - 1);
  const Range mine =
      world_.rank() < busy
          ? Partition(static_cast<std::int64_t>(samples.size()), busy).of(world_.rank())
          : Range{0, 0};
  const auto count = static_cast<std::size_t>(mine.size());
  for (const auto* data : {&node, &sharded}) {
    std::vector<float> rows(count * features);
    std::vector<std::int32_t> labels(count);
    data->train.fetch(samples, mine, rows, labels);
    for (std::size_t k = 0; k < count; ++k) {
      const auto i = static_cast<std::size_t>(samples[static_cast<std::size_t>(mine.begin) + k]);
      EXPECT_EQ(labels[k], node.train.labels()[i]);
      const auto expected = node.train.all_rows().subspan(i * features, features);
      EXPECT_TRUE(std::equal(expected.begin(), expected.end(),
                             rows.begin() + static_cast<std::ptrdiff_t>(k * features)));
    }
  }
}

TEST_F(DataSetTest, EveryRankMayFetchTheSameSamples) {
  const auto sharded = load_data<double>(small_glyphs(Placement::sharded), world_, world_);
  const auto node = load_data<double>(small_glyphs(Placement::node), world_, world_);
  std::vector<std::int64_t> samples(70);
  std::iota(samples.begin(), samples.end(), 0);
  std::vector<double> rows(static_cast<std::size_t>(70 * sharded.test.features()));
  std::vector<std::int32_t> labels(70);
  sharded.test.fetch(samples, {0, 70}, rows, labels);
  EXPECT_TRUE(std::equal(rows.begin(), rows.end(), node.test.all_rows().begin(),
                         node.test.all_rows().end()));
  EXPECT_TRUE(std::equal(labels.begin(), labels.end(), node.test.labels().begin()));
}

TEST_F(DataSetTest, FetchRefusesSamplesThatAreNotThere) {
  for (const Placement placement : {Placement::node, Placement::sharded}) {
    const auto data = load_data<double>(small_glyphs(placement), world_, world_);
    std::vector<double> rows(144);
    std::vector<std::int32_t> labels(1);
    for (const std::int64_t bad : {std::int64_t{-1}, std::int64_t{300}}) {
      const std::vector<std::int64_t> samples{bad};
      EXPECT_THROW(data.train.fetch(samples, {0, 1}, rows, labels), Error);
    }
    const std::vector<std::int64_t> samples{5, 6};
    EXPECT_THROW(data.train.fetch(samples, {0, 2}, rows, labels), Error);
  }
}

TEST_F(DataSetTest, ShardedDataHaveNoWhole) {
  const auto data = load_data<double>(small_glyphs(Placement::sharded), world_, world_);
  EXPECT_THROW(static_cast<void>(data.train.all_rows()), Error);
  EXPECT_EQ(data.train.labels().size(), 300U);
}

TEST_F(DataSetTest, RowsStayWhereTheyAreWhenMoved) {
  auto data = load_data<double>(small_glyphs(Placement::node), world_, world_);
  const double* at = data.train.all_rows().data();
  const DataSet<double> moved = std::move(data);
  EXPECT_EQ(moved.train.all_rows().data(), at);
}

TEST_F(DataSetTest, RefusesBadOptionsByName) {
  DataOptions options;
  options.preprocess = {"standardize", "whiten"};
  expect_refusal([&] { check_data_options(options); },
                 {"preprocess", "\"whiten\"", "standardize, unit_norm, center, scale01"});
  options = {};
  options.source = "mnist";
  expect_refusal([&] { check_data_options(options); },
                 {"source", "\"mnist\"", "glyphs, idx, cifar10"});
  options = {};
  options.train = 0;
  expect_refusal([&] { check_data_options(options); }, {"train = 0", "at least one"});
  options = {};
  options.image_size = 7;
  expect_refusal([&] { check_data_options(options); }, {"image_size = 7", "8"});
  options = {};
  options.source = "idx";
  expect_refusal([&] { check_data_options(options); }, {"path", "idx"});
}

TEST_F(DataSetTest, AFailureOfOneRankReachesAll) {
  DataOptions options;
  options.source = "idx";
  options.path = "/nowhere/at/all";
  for (const Placement placement : {Placement::node, Placement::sharded}) {
    options.placement = placement;
    try {
      load_data<double>(options, world_, world_);
      ADD_FAILURE() << "was not refused";
    } catch (const ReportedError& error) {
      EXPECT_EQ(error.code(), ExitCode::usage);
    }
  }
}

/// The root writes 130 tiny images, all ranks load them.
TEST_F(DataSetTest, FilesReachEveryRank) {
  std::optional<TemporaryFolder> folder;
  testing_data::Bytes pixels;
  testing_data::Bytes labels;
  for (unsigned i = 0; i < 130; ++i) {
    for (unsigned j = 0; j < 4; ++j) pixels.push_back(static_cast<std::uint8_t>(i + 30 * j));
    labels.push_back(static_cast<std::uint8_t>(i % 10));
  }
  if (world_.is_root()) {
    folder.emplace();
    for (const char* half : {"train", "t10k"}) {
      folder->write(std::string(half) + "-images-idx3-ubyte",
                    idx_bytes(0x803, {130, 2, 2}, pixels));
      folder->write(std::string(half) + "-labels-idx1-ubyte", idx_bytes(0x801, {130}, labels));
    }
  }
  DataOptions options;
  options.source = "idx";
  options.path = world_.broadcast(folder ? folder->path() : std::string());
  options.test = 5;
  const auto node = load_data<float>(options, world_, world_);
  options.placement = Placement::sharded;
  const auto sharded = load_data<float>(options, world_, world_);
  EXPECT_EQ(node.hash, sharded.hash);
  EXPECT_EQ(node.train.size(), 130);
  EXPECT_EQ(sharded.test.size(), 5);
  for (std::size_t i = 0; i < 130; ++i) {
    EXPECT_EQ(node.train.labels()[i], labels[i]);
    for (std::size_t j = 0; j < 4; ++j) {
      EXPECT_EQ(node.train.all_rows()[4 * i + j], static_cast<float>(pixels[4 * i + j] / 255.0));
    }
  }
  const std::vector<std::int64_t> last{129};
  std::vector<float> row(4);
  std::vector<std::int32_t> label(1);
  sharded.train.fetch(last, {0, 1}, row, label);
  EXPECT_EQ(row, std::vector<float>(node.train.all_rows().end() - 4, node.train.all_rows().end()));
  EXPECT_EQ(label[0], 9);
}

}  // namespace
}  // namespace thalweg
