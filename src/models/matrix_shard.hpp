#pragma once

#include <cstdint>

namespace thalweg {

/// Rows of a shard of a matrix of so many rows that is dealt out over a team: all up to 256, else
/// equal parts of at most as many, in multiples of 16. Local.
[[nodiscard]] inline std::int64_t matrix_shard(std::int64_t rows) {
  constexpr std::int64_t most = 256;
  constexpr std::int64_t grain = 16;
  if (rows <= most) return rows;
  const std::int64_t shards = (rows + most - 1) / most;
  const std::int64_t even = (rows + shards - 1) / shards;
  return (even + grain - 1) / grain * grain;
}

}  // namespace thalweg
