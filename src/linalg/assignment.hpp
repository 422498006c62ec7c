#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace thalweg {

/// The assignment of rows to columns of an n × n matrix (row-major) with the largest sum: element r
/// is the column of row r. Shortest augmenting paths with potentials (Kuhn 1955; Jonker and
/// Volgenant 1987), O(n³) and exact; of several best ones the same every time. Local. Throws Error
/// where a value is not finite.
[[nodiscard]] std::vector<std::int64_t> best_assignment(std::span<const double> gains,
                                                        std::int64_t n);

}  // namespace thalweg
