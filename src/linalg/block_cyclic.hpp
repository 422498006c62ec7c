#pragma once

#include <algorithm>
#include <cstdint>

namespace thalweg {

/// One axis of a block-cyclic layout: blocks of `block` items dealt out in turn to `parts` places,
/// the first block to place 0 (ScaLAPACK's NUMROC and INDXL2G in 64-bit integers). Local.
struct CyclicAxis {
  std::int64_t size = 0;
  std::int64_t block = 1;
  int parts = 1;

  [[nodiscard]] std::int64_t blocks() const { return (size + block - 1) / block; }
  [[nodiscard]] int owner(std::int64_t global) const {
    return static_cast<int>(global / block % parts);
  }
  /// Number of items at a place.
  [[nodiscard]] std::int64_t local_size(int part) const {
    const std::int64_t whole = size / block;
    const std::int64_t extra = whole % parts;
    std::int64_t count = whole / parts * block;
    if (part < extra) count += block;
    if (part == extra) count += size % block;
    return count;
  }
  /// Number of the first `global` items at a place: the local index of its first one behind them.
  [[nodiscard]] std::int64_t local_size_before(std::int64_t global, int part) const {
    return CyclicAxis{std::min(global, size), block, parts}.local_size(part);
  }
  /// Index at its owner.
  [[nodiscard]] std::int64_t to_local(std::int64_t global) const {
    return global / block / parts * block + global % block;
  }
  [[nodiscard]] std::int64_t to_global(std::int64_t local, int part) const {
    return (local / block * parts + part) * block + local % block;
  }
};

/// The block size for matrices of n rows: a function of n alone, so that tiles, files and bits are
/// the same on any number of ranks. At least eight blocks a side while n allows it (work for every
/// rank of a 6 × 8 grid), multiples of 16 near 256 for large n, of those the one that wastes least
/// in padding.
[[nodiscard]] std::int64_t choose_block(std::int64_t n);

}  // namespace thalweg
