#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "base/log.hpp"
#include "data/data_options.hpp"
#include "parallel/communicator.hpp"
#include "parallel/partition.hpp"

namespace thalweg {

/// Samples are dealt out, summed and hashed in chunks of this many, so that no result depends on
/// ranks.
inline constexpr std::int64_t kSampleChunk = 64;

template <class Real>
struct DataStorage;

/// Preprocessed samples with labels 0..classes−1: the training or the test half of a data set.
/// Move-only; what it hands out stays at its address. Destroying it is collective over the node
/// (placement node).
template <class Real>
class DataSplit {
 public:
  explicit DataSplit(std::unique_ptr<const DataStorage<Real>> storage);
  DataSplit(DataSplit&&) noexcept;
  DataSplit& operator=(DataSplit&&) noexcept;
  ~DataSplit();

  [[nodiscard]] std::int64_t size() const;
  [[nodiscard]] std::int64_t features() const;
  [[nodiscard]] std::int64_t classes() const;
  [[nodiscard]] ImageShape shape() const;

  /// Copies the samples samples[mine.begin..mine.end) to `rows` (mine.size() × features, row-major)
  /// and their labels to `labels`. Samples may repeat and come in any order. Local for placement
  /// node; Collective over the team for sharded, where every rank passes the same `samples` and its
  /// own `mine`, which may be empty. Throws Error for a sample out of range or spans too small.
  void fetch(std::span<const std::int64_t> samples, Range mine, std::span<Real> rows,
             std::span<std::int32_t> labels) const;
  /// All rows (size × features). Local. Throws Error for placement sharded.
  [[nodiscard]] std::span<const Real> all_rows() const;
  /// All labels, on every rank. Local.
  [[nodiscard]] std::span<const std::int32_t> labels() const;

 private:
  std::unique_ptr<const DataStorage<Real>> storage_;
};

template <class Real>
struct DataSet {
  DataSplit<Real> train;
  DataSplit<Real> test;
  std::string description;  ///< one line for a person and for the record
  /// Of the preprocessed rows' bits, labels and shape; the same on any number of ranks and any
  /// placement.
  std::uint64_t hash = 0;
  std::uint64_t train_hash = 0;  ///< likewise, of the training half alone
  std::uint64_t test_hash = 0;   ///< of the test half alone
};

/// Loads or generates a data set and preprocesses it. Preprocessing is fitted on the training half
/// alone, in float64, and rounded to Real at the end; its bits depend on neither ranks nor
/// placement. Collective over `world`, of which `team` is a part; both must outlive the data set
/// and stay in place. What was guessed of the files, and features left at their scale for want of a
/// deviation, go to the log of the root of `world`. Throws ReportedError on every rank, after
/// printing the cause, for bad options or files.
template <class Real>
DataSet<Real> load_data(const DataOptions& options, const Communicator& world,
                        const Communicator& team, const Log& log = Log::silent());

}  // namespace thalweg
