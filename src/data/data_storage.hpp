#pragma once

#include <algorithm>
#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "data/data_set.hpp"
#include "parallel/shared_window.hpp"

namespace thalweg {

/// Whole chunks of kSampleChunk samples dealt out to `ranks`.
inline Partition sample_chunks(std::int64_t samples, int ranks) {
  return {(samples + kSampleChunk - 1) / kSampleChunk, ranks};
}

/// The samples of one rank's chunks.
inline Range samples_of(std::int64_t samples, int ranks, int rank) {
  const Range chunks = sample_chunks(samples, ranks).of(rank);
  return {std::min(chunks.begin * kSampleChunk, samples),
          std::min(chunks.end * kSampleChunk, samples)};
}

/// What stands behind a DataSplit: a window that the ranks of a node share, or this rank's rows.
template <class Real>
struct DataStorage {
  ImageShape shape;
  std::int64_t classes = 0;
  std::vector<std::int32_t> labels;  ///< of all samples
  Range held;                        ///< samples whose rows this rank made, and keeps if sharded
  const Communicator* team = nullptr;
  std::shared_ptr<const Communicator> node;  ///< before the window, which needs it to the end
  std::optional<SharedWindow> window;
  std::vector<Real> rows;

  /// The rank of the team that holds a sample (sharded).
  [[nodiscard]] int owner(std::int64_t sample) const {
    return sample_chunks(static_cast<std::int64_t>(labels.size()), team->size())
        .owner(sample / kSampleChunk);
  }
};

}  // namespace thalweg
