#pragma once

#include <fuzzer/FuzzedDataProvider.h>

#include <string>

namespace thalweg::fuzzing {

/// A file's bytes with some changed, and perhaps its end cut off.
inline std::string damaged(std::string bytes, FuzzedDataProvider& input) {
  const bool cut = input.ConsumeBool();
  while (input.remaining_bytes() > 2) {
    const auto at = input.ConsumeIntegralInRange<std::size_t>(0, bytes.size() - 1);
    bytes[at] = static_cast<char>(bytes[at] ^ input.ConsumeIntegral<char>());
    if (!cut) continue;
    bytes.resize(at);
    break;
  }
  return bytes;
}

}  // namespace thalweg::fuzzing
