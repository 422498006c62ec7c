#include "kernels/gram_store.hpp"

#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "base/philox.hpp"
#include "kernels/gram.hpp"
#include "kernels/gram_layout.hpp"
#include "kernels/gram_marks.hpp"
#include "kernels/stored_tiles.hpp"
#include "records/record.hpp"
#include "records/verify_gram.hpp"
#include "whole_pages.hpp"

namespace thalweg {
namespace {

using testing_support::WholePages;

constexpr std::int64_t kSamples = 150;
constexpr std::int64_t kBlock = 32;

double value(std::int64_t i, std::int64_t j) {
  return static_cast<double>(1000 * std::min(i, j) + std::max(i, j) + 1);
}

/// K(i, j) = 1000 min(i, j) + max(i, j) + 1, which tells every element of the triangle apart;
/// counts its strips and can end the run after some of them, as a time limit would.
class CountedTiles final : public KernelTiles<double> {
 public:
  explicit CountedTiles(std::int64_t strips = 1, std::int64_t rows = kSamples)
      : strips_(strips), rows_(rows) {}
  [[nodiscard]] std::int64_t rows() const override { return rows_; }
  [[nodiscard]] std::int64_t columns() const override { return kSamples; }
  [[nodiscard]] std::int64_t block() const override { return kBlock; }
  [[nodiscard]] bool symmetric() const override { return rows_ == kSamples; }
  [[nodiscard]] std::int64_t strips() const override { return strips_; }
  void compute_strip(std::int64_t row, std::int64_t column, std::int64_t strip,
                     double* tile) const override {
    ++computed;
    for (std::int64_t j = strip * strip_columns(); j < (strip + 1) * strip_columns(); ++j) {
      for (std::int64_t i = 0; i < kBlock; ++i) {
        tile[i + j * kBlock] = value(row * kBlock + i, column * kBlock + j);
      }
    }
  }
  mutable std::int64_t computed = 0;

 private:
  std::int64_t strips_;
  std::int64_t rows_;
};

class Store : public testing::Test {
 protected:
  Store() {
    std::string name;
    if (comm_.is_root()) {
      std::string pattern =
          (std::filesystem::temp_directory_path() / "thalweg-gram-XXXXXX").string();
      if (mkdtemp(pattern.data()) != nullptr) name = pattern;
    }
    folder_ = comm_.broadcast(name);
    path_ = folder_ + "/gram.h5";
  }
  ~Store() override {
    comm_.barrier();
    std::error_code ignored;
    if (comm_.is_root()) std::filesystem::remove_all(folder_, ignored);
  }

  /// Assembles on `comm`; the matrix whole on every rank, and how many tiles were computed anew.
  std::pair<std::vector<double>, std::int64_t> assemble(const Communicator& comm, bool resume,
                                                        std::int64_t most_tiles, bool seal) {
    const ProcessGrid grid(comm);
    DistributedMatrix<double> gram(grid, kSamples, kSamples, kBlock);
    const CountedTiles tiles(strips_);
    WorkControl control;
    control.stop = [&] { return tiles.computed >= most_tiles; };
    GramStore store(comm, path_, identity_, {}, resume);
    const bool whole = assemble_gram<double>(tiles, gram, &store, control);
    EXPECT_EQ(whole, seal);
    if (whole) store.seal();
    return {gram.all_gather(), comm.sum(tiles.computed)};
  }

  void expect_sealed_file() {
    comm_.barrier();
    EXPECT_FALSE(std::filesystem::exists(path_ + ".partial"));
    EXPECT_FALSE(std::filesystem::exists(gram_marks_of(path_, comm_.rank())));
    if (!comm_.is_root()) return;
    const Record record = read_record(path_);
    const auto& gram = std::get<std::vector<double>>(record.arrays.at("/gram").values);
    EXPECT_EQ(record.arrays.at("/gram").shape, (std::vector<std::int64_t>{kSamples, kSamples}));
    std::int64_t wrong = 0;
    for (std::int64_t r = 0; r < kSamples; ++r) {
      for (std::int64_t c = 0; c <= r; ++c) {
        wrong += gram[static_cast<std::size_t>(r * kSamples + c)] == value(r, c) ? 0 : 1;
      }
      for (std::int64_t c = r + 1; c < kSamples; ++c) {
        wrong += gram[static_cast<std::size_t>(r * kSamples + c)] == 0.0 ? 0 : 1;
      }
    }
    EXPECT_EQ(wrong, 0);
    const auto& done = std::get<std::vector<std::uint8_t>>(record.arrays.at("/done").values);
    EXPECT_EQ(std::count(done.begin(), done.end(), kWritten), 15 * strips_);
    EXPECT_EQ(std::count(done.begin(), done.end(), kMissing), 0);
    EXPECT_EQ(std::get<std::string>(record.attributes.at("kernel")), identity_.kernel);
  }

  void use_strips(std::int64_t strips) {
    strips_ = strips;
    identity_ = identity_of(CountedTiles(strips), "a test kernel", 0x1234);
  }

  static constexpr std::int64_t kAll = 1000;
  std::int64_t strips_ = 1;
  Communicator comm_ = Communicator::duplicate(MPI_COMM_WORLD);
  std::string folder_;
  std::string path_;
  GramIdentity identity_ = identity_of(CountedTiles(), "a test kernel", 0x1234);
};

TEST_F(Store, SealsAFileThatHoldsTheLowerTriangle) {
  const auto [gram, computed] = assemble(comm_, false, kAll, true);
  EXPECT_EQ(computed, 15);
  expect_sealed_file();
  // A sealed file is read, not computed again.
  const auto [again, recomputed] = assemble(comm_, true, kAll, true);
  EXPECT_EQ(recomputed, 0);
  std::int64_t wrong = 0;
  for (std::int64_t j = 0; j < kSamples; ++j) {
    for (std::int64_t i = 0; i <= j; ++i) {
      wrong += again[static_cast<std::size_t>(i + j * kSamples)] == value(i, j) ? 0 : 1;
    }
  }
  EXPECT_EQ(wrong, 0);
}

TEST_F(Store, ResumesOnAnotherNumberOfRanksAndComputesOnlyWhatIsMissing) {
  const auto [part, first] = assemble(comm_, false, 1, false);
  EXPECT_LT(first, 15);
  EXPECT_TRUE(std::filesystem::exists(path_ + ".partial"));
  EXPECT_FALSE(std::filesystem::exists(path_));
  comm_.barrier();
  // One rank alone finishes what all began.
  const Communicator alone = comm_.split(comm_.rank());
  if (comm_.is_root()) {
    const auto [gram, second] = assemble(alone, true, kAll, true);
    EXPECT_EQ(first + second, 15);
  }
  expect_sealed_file();
}

TEST_F(Store, RecomputesATileThatWasDamaged) {
  // All tiles but the last ones are there; then a byte of the first one is turned over.
  const auto [part, first] = assemble(comm_, false, 1, false);
  if (comm_.is_root()) {
    GramFileLayout layout = read_gram_layout(path_ + ".partial", identity_);
    EXPECT_GT(read_gram_marks(path_, layout), 0);
    EXPECT_EQ(layout.done[0], 1);
    std::fstream file(path_ + ".partial", std::ios::in | std::ios::out | std::ios::binary);
    file.seekp(layout.tile_offsets[0] + 100);
    file.put('\x7f');
  }
  comm_.barrier();
  const auto [gram, second] = assemble(comm_, true, kAll, true);
  EXPECT_EQ(first + second, 16);
  expect_sealed_file();
}

TEST_F(Store, KeepsStripsApart) {
  use_strips(4);
  const auto [part, first] = assemble(comm_, false, 1, false);
  EXPECT_LT(first, 60);
  comm_.barrier();
  const auto [gram, second] = assemble(comm_, true, kAll, true);
  EXPECT_EQ(first + second, 60);
  std::int64_t wrong = 0;
  for (std::int64_t j = 0; j < kSamples; ++j) {
    for (std::int64_t i = 0; i <= j; ++i) {
      wrong += gram[static_cast<std::size_t>(i + j * kSamples)] == value(i, j) ? 0 : 1;
    }
  }
  EXPECT_EQ(wrong, 0);
  expect_sealed_file();
  // The same file as a source of tiles.
  const GramStore store(comm_, path_, identity_, {}, true);
  const StoredTiles<double> stored(store);
  std::vector<double> tile(kBlock * kBlock);
  stored.compute(1, 4, tile.data());
  EXPECT_EQ(tile[3 + 20 * kBlock], value(kBlock + 3, 4 * kBlock + 20));
  EXPECT_EQ(tile[3 + 23 * kBlock], 0.0) << "beyond the last column";
  EXPECT_THROW(stored.compute(4, 1, tile.data()), Error);
  EXPECT_THROW(StoredTiles<float>{store}, Error);
}

TEST_F(Store, VerifyFindsEveryDamagedStrip) {
  use_strips(2);
  assemble(comm_, false, kAll, true);
  comm_.barrier();
  if (!comm_.is_root()) return;
  const auto faults_now = [&] {
    std::vector<std::string> faults;
    verify_gram(RecordFile(path_), [&](const std::string& fault) { faults.push_back(fault); });
    return faults;
  };
  EXPECT_TRUE(faults_now().empty());
  const GramFileLayout layout = read_gram_layout(path_, identity_);
  std::fstream file(path_, std::ios::in | std::ios::out | std::ios::binary);
  // The first strip of tile (0, 2) and the second one of tile (3, 3).
  file.seekp(layout.tile_offsets[2 * 5 + 0] + 8);
  file.put('\x7f');
  file.seekp(layout.tile_offsets[3 * 5 + 3] + identity_.strip_bytes() + 10 * 256 + 7);
  file.put('\x3e');
  file.close();
  const auto faults = faults_now();
  EXPECT_EQ(faults.size(), 1U);
  if (!faults.empty()) {
    EXPECT_NE(faults[0].find("2 strips do not match"), std::string::npos) << faults[0];
  }
}

TEST_F(Store, HoldsARectangleToo) {
  const CountedTiles tiles(2, 70);
  const GramIdentity identity = identity_of(tiles, "a test kernel", 0x77);
  WorkControl control;
  control.stop = [&] { return tiles.computed >= 3; };
  {
    GramStore store(comm_, path_, identity, {}, false);
    EXPECT_FALSE(fill_store<double>(comm_, tiles, store, control));
  }
  const std::int64_t first = comm_.sum(tiles.computed);
  control.stop = [] { return false; };
  GramStore store(comm_, path_, identity, {}, true);
  EXPECT_TRUE(fill_store<double>(comm_, tiles, store, control));
  EXPECT_LT(first, 30);
  EXPECT_EQ(comm_.sum(tiles.computed), 30);
  store.seal();
  const StoredTiles<double> stored(store);
  EXPECT_EQ(stored.rows(), 70);
  EXPECT_FALSE(stored.symmetric());
  std::vector<double> tile(kBlock * kBlock);
  std::int64_t wrong = 0;
  for (std::int64_t row = 0; row < stored.row_panels(); ++row) {
    for (std::int64_t column = 0; column < stored.column_panels(); ++column) {
      stored.compute(row, column, tile.data());
      for (std::int64_t j = 0; j < kBlock; ++j) {
        for (std::int64_t i = 0; i < kBlock; ++i) {
          const std::int64_t r = row * kBlock + i;
          const std::int64_t c = column * kBlock + j;
          const double expected = r < 70 && c < kSamples ? value(r, c) : 0.0;
          wrong += tile[static_cast<std::size_t>(i + j * kBlock)] == expected ? 0 : 1;
        }
      }
    }
  }
  EXPECT_EQ(wrong, 0);
}

TEST_F(Store, IsWholeWhereAFileSystemSendsWholePages) {
  for (const std::int64_t strips : {1, 4}) {
    use_strips(strips);
    std::filesystem::remove(path_);
    comm_.barrier();
    const WholePages pages(".h5.partial");
    const auto [part, first] = assemble(comm_, false, 1, false);
    comm_.barrier();
    const auto [gram, second] = assemble(comm_, true, kAll, true);
    EXPECT_EQ(first + second, 15 * strips);
    expect_sealed_file();
    std::vector<std::string> faults;
    verify_gram(RecordFile(path_), [&](const std::string& fault) { faults.push_back(fault); });
    EXPECT_TRUE(faults.empty()) << faults.front();
    comm_.barrier();
  }
}

TEST_F(Store, AFailureOfOneRankEndsAll) {
  class Failing final : public KernelTiles<double> {
   public:
    explicit Failing(bool fails) : fails_(fails) {}
    [[nodiscard]] std::int64_t rows() const override { return kSamples; }
    [[nodiscard]] std::int64_t columns() const override { return kSamples; }
    [[nodiscard]] std::int64_t block() const override { return kBlock; }
    [[nodiscard]] bool symmetric() const override { return true; }
    void compute_strip(std::int64_t /*row*/, std::int64_t /*column*/, std::int64_t /*strip*/,
                       double* /*tile*/) const override {
      if (fails_) throw Error("no value");
    }

   private:
    bool fails_;
  };
  const ProcessGrid grid(comm_);
  DistributedMatrix<double> gram(grid, kSamples, kSamples, kBlock);
  const Failing tiles(comm_.rank() == comm_.size() - 1);
  EXPECT_THROW(assemble_gram<double>(tiles, gram, nullptr, WorkControl{}), ReportedError);
}

TEST_F(Store, RefusesAnotherKernelOrOtherData) {
  assemble(comm_, false, 1, false);
  comm_.barrier();
  identity_.data_hash = 0x1235;
  try {
    const GramStore store(comm_, path_, identity_, {}, true);
    ADD_FAILURE() << "a store of other data was continued";
  } catch (const ReportedError& error) {
    EXPECT_EQ(error.code(), ExitCode::usage);
  }
  // Without resume it starts anew.
  const auto [gram, computed] = assemble(comm_, false, kAll, true);
  EXPECT_EQ(computed, 15);
}

}  // namespace
}  // namespace thalweg
