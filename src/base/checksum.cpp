#include "base/checksum.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstring>

namespace thalweg {

std::uint64_t block_checksum(const void* bytes, std::int64_t size) {
  constexpr std::uint64_t kPrime = 0x00000100000001b3ULL;
  std::array<std::uint64_t, 8> lanes{};
  for (std::size_t lane = 0; lane < 8; ++lane) lanes[lane] = 0xcbf29ce484222325ULL + lane;
  const auto* next = static_cast<const unsigned char*>(bytes);
  for (std::int64_t at = 0; at < size; at += 64) {
    std::array<std::uint64_t, 8> words{};
    std::memcpy(words.data(), next + at,
                static_cast<std::size_t>(std::min<std::int64_t>(64, size - at)));
    for (std::size_t lane = 0; lane < 8; ++lane) {
      // The shift carries high bits down, which the product alone would never do.
      lanes[lane] = (lanes[lane] ^ (lanes[lane] >> 29U) ^ words[lane]) * kPrime;
    }
  }
  auto sum = static_cast<std::uint64_t>(size);
  for (const std::uint64_t lane : lanes) sum = ((sum ^ lane) * kPrime) ^ (sum >> 31U);
  return sum;
}

}  // namespace thalweg
