#include "linalg/block_cyclic.hpp"

#include <algorithm>

namespace thalweg {

std::int64_t choose_block(std::int64_t n) {
  constexpr std::int64_t kStep = 16;
  constexpr std::int64_t kSmallest = 192;
  constexpr std::int64_t kLargest = 288;
  if (n < 8 * kSmallest) {
    const std::int64_t eighth = (std::max<std::int64_t>(n, 1) + 7) / 8;
    return (eighth + kStep - 1) / kStep * kStep;
  }
  std::int64_t best = 256;
  std::int64_t least = -1;
  for (std::int64_t block = kLargest; block >= kSmallest; block -= kStep) {
    const std::int64_t blocks = (n + block - 1) / block;
    const std::int64_t padded = blocks * (blocks + 1) / 2 * block * block;
    if (least < 0 || padded < least) {
      best = block;
      least = padded;
    }
  }
  return best;
}

}  // namespace thalweg
