#pragma once

#include <cstdint>

namespace thalweg {

/// 64-bit checksum of a buffer, against damage and not against malice: eight FNV-like lanes, one a
/// word of each 64 bytes; a rest below 64 bytes counts as filled up with zeros. Local.
[[nodiscard]] std::uint64_t block_checksum(const void* bytes, std::int64_t size);

}  // namespace thalweg
