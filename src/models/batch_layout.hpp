#pragma once

#include <algorithm>
#include <cstdint>

#include "parallel/ordered_reduction.hpp"

namespace thalweg {

/// How a batch lies over the ranks of a team: cut into shards of a fixed size (the last may be
/// short), the shards dealt out in contiguous ranges. The shard is the unit of computation: what a
/// shard yields, and the order in which shards are added up, do not depend on the number of ranks.
class BatchLayout {
 public:
  BatchLayout(const Communicator& team, std::int64_t batch, std::int64_t shard)
      : batch_(batch), shard_(shard), reduction_(team, (batch + shard - 1) / shard) {}

  [[nodiscard]] std::int64_t batch() const { return batch_; }
  [[nodiscard]] std::int64_t shard() const { return shard_; }
  /// Shards of this rank, numbered over the whole batch.
  [[nodiscard]] Range shards() const { return reduction_.mine(); }
  /// Rows of a shard, within the batch.
  [[nodiscard]] Range rows_of(std::int64_t shard_index) const {
    return {shard_index * shard_, std::min((shard_index + 1) * shard_, batch_)};
  }
  /// Rows of this rank, within the batch.
  [[nodiscard]] Range rows() const {
    return {std::min(shards().begin * shard_, batch_), std::min(shards().end * shard_, batch_)};
  }
  /// Rows of a shard of this rank, within the rank's own rows.
  [[nodiscard]] Range local_rows_of(std::int64_t shard_index) const {
    const Range range = rows_of(shard_index);
    return {range.begin - rows().begin, range.end - rows().begin};
  }
  [[nodiscard]] const OrderedReduction& reduction() const { return reduction_; }

 private:
  std::int64_t batch_;
  std::int64_t shard_;
  OrderedReduction reduction_;
};

/// The shard size taken when a study names none: at least eight shards for large batches, so that
/// several ranks find work, but never so small that matrix products run below speed, nor above 256
/// rows.
inline std::int64_t default_shard(std::int64_t batch) {
  std::int64_t shard = 64;
  while (shard < 256 && shard * 16 <= batch) shard *= 2;
  return std::min(shard, std::max<std::int64_t>(batch, 1));
}

}  // namespace thalweg
