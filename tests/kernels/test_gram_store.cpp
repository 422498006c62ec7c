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
#include "kernels/gram_store.hpp"
#include "records/record.hpp"

namespace thalweg {
namespace {

constexpr std::int64_t kSamples = 150;
constexpr std::int64_t kBlock = 32;

/// K(i, j) = 1000 min(i, j) + max(i, j), which tells every element of the triangle apart; counts
/// its tiles and can end the run after some of them, as a time limit would.
class CountedTiles final : public KernelTiles<double> {
 public:
  [[nodiscard]] std::int64_t rows() const override { return kSamples; }
  [[nodiscard]] std::int64_t columns() const override { return kSamples; }
  [[nodiscard]] std::int64_t block() const override { return kBlock; }
  [[nodiscard]] bool symmetric() const override { return rows() == columns(); }
  void compute_strip(std::int64_t row, std::int64_t column, std::int64_t /*strip*/,
                     double* tile) const override {
    ++computed;
    for (std::int64_t j = 0; j < kBlock; ++j) {
      for (std::int64_t i = 0; i < kBlock; ++i) {
        tile[i + j * kBlock] = value(row * kBlock + i, column * kBlock + j);
      }
    }
  }
  static double value(std::int64_t i, std::int64_t j) {
    return static_cast<double>(1000 * std::min(i, j) + std::max(i, j) + 1);
  }
  mutable std::int64_t computed = 0;
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
    const CountedTiles tiles;
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
    if (!comm_.is_root()) return;
    const Record record = read_record(path_);
    const auto& gram = std::get<std::vector<double>>(record.arrays.at("/gram").values);
    EXPECT_EQ(record.arrays.at("/gram").shape, (std::vector<std::int64_t>{kSamples, kSamples}));
    std::int64_t wrong = 0;
    for (std::int64_t r = 0; r < kSamples; ++r) {
      for (std::int64_t c = 0; c <= r; ++c) {
        wrong +=
            gram[static_cast<std::size_t>(r * kSamples + c)] == CountedTiles::value(r, c) ? 0 : 1;
      }
      for (std::int64_t c = (r / kBlock + 1) * kBlock; c < kSamples; ++c) {
        wrong += gram[static_cast<std::size_t>(r * kSamples + c)] == 0.0 ? 0 : 1;
      }
    }
    EXPECT_EQ(wrong, 0);
    const auto& done = std::get<std::vector<std::uint8_t>>(record.arrays.at("/done").values);
    EXPECT_EQ(std::count(done.begin(), done.end(), 1), 15);
    EXPECT_EQ(std::get<std::string>(record.attributes.at("kernel")), identity_.kernel);
  }

  static constexpr std::int64_t kAll = 1000;
  Communicator comm_ = Communicator::duplicate(MPI_COMM_WORLD);
  std::string folder_;
  std::string path_;
  GramIdentity identity_{kSamples, kBlock, 8, "a test kernel", 0x1234};
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
      wrong +=
          again[static_cast<std::size_t>(i + j * kSamples)] == CountedTiles::value(i, j) ? 0 : 1;
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
    const GramFileLayout layout = read_gram_layout(path_ + ".partial", identity_);
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

TEST(TileChecksum, EveryBitOfEveryWordMatters) {
  std::vector<std::uint64_t> words(64, 0);
  const std::uint64_t zero = tile_checksum(words.data(), 512);
  for (std::size_t word = 0; word < 64; ++word) {
    for (unsigned bit = 0; bit < 64; ++bit) {
      words[word] = std::uint64_t{1} << bit;
      EXPECT_NE(tile_checksum(words.data(), 512), zero);
    }
    words[word] = 0;
  }
  // Two tiles exchanged, or two words of one: order matters too.
  words[3] = 1;
  const std::uint64_t third = tile_checksum(words.data(), 512);
  words[3] = 0;
  words[11] = 1;
  EXPECT_NE(tile_checksum(words.data(), 512), third);
}

}  // namespace
}  // namespace thalweg
