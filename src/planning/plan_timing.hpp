#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "planning/workload.hpp"

namespace thalweg {

/// Seconds of one call: the median of several after one that does not count, or the first alone
/// where that took half a second. Local.
[[nodiscard]] double seconds_of(const std::function<void()>& unit);

/// a + b n through two measurements; neither number is negative. Local.
struct LineThrough {
  double fixed_s = 0.0;
  double item_s = 0.0;
};
[[nodiscard]] LineThrough line_through(std::int64_t few, double few_s, std::int64_t many,
                                       double many_s);

/// Flops a second of a square product of matrices of this type, one rank's. Local.
template <class Real>
[[nodiscard]] double gemm_rate();

/// Seconds since the launcher of this process began (mpirun, orted or a job step's slurmstepd), or
/// since it did itself where another program started it; 0 where the system does not say. Local.
[[nodiscard]] double seconds_since_launch();

/// Bytes of a line of /proc/self/status such as "VmHWM" or "VmRSS"; 0 where the system has none.
/// Local.
[[nodiscard]] double status_bytes(const char* line);

/// What is resident now, nothing of what was freed; after work that loads libraries and touches
/// their buffers, what a program holds before its data. Local.
[[nodiscard]] double program_bytes();

/// Of a file; 0 where there is none. Local.
[[nodiscard]] double file_bytes(const std::string& file);

/// Bytes that the allocator has given out and not taken back. Local.
[[nodiscard]] double allocated_bytes();

}  // namespace thalweg
