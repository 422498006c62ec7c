#pragma once

#include <cstdint>

namespace thalweg {

/// Local. Bytes that this node can still give out (MemAvailable of /proc/meminfo).
[[nodiscard]] std::int64_t available_memory_bytes();

}  // namespace thalweg
