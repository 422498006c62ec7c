#include "base/checksum.hpp"

#include <gtest/gtest.h>

#include <vector>

namespace thalweg {
namespace {

TEST(BlockChecksum, EveryBitOfEveryWordMatters) {
  std::vector<std::uint64_t> words(64, 0);
  const std::uint64_t zero = block_checksum(words.data(), 512);
  for (std::size_t word = 0; word < 64; ++word) {
    for (unsigned bit = 0; bit < 64; ++bit) {
      words[word] = std::uint64_t{1} << bit;
      EXPECT_NE(block_checksum(words.data(), 512), zero);
    }
    words[word] = 0;
  }
  // Two tiles exchanged, or two words of one: order matters too.
  words[3] = 1;
  const std::uint64_t third = block_checksum(words.data(), 512);
  words[3] = 0;
  words[11] = 1;
  EXPECT_NE(block_checksum(words.data(), 512), third);
}

TEST(BlockChecksum, ARestBelow64BytesCounts) {
  std::vector<unsigned char> bytes(72, 0);
  const std::uint64_t zero = block_checksum(bytes.data(), 72);
  for (std::size_t at = 0; at < 72; ++at) {
    bytes[at] = 1;
    EXPECT_NE(block_checksum(bytes.data(), 72), zero) << at;
    bytes[at] = 0;
  }
  EXPECT_NE(block_checksum(bytes.data(), 64), zero);
}

}  // namespace
}  // namespace thalweg
