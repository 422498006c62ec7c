#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace thalweg {

/// Runs of unequal cost for each of `teams`: longest first, each to the team with the least work so
/// far. A pure function: the same answer wherever it is computed. Local.
std::vector<std::vector<std::size_t>> deal_out(std::span<const double> costs, std::int64_t teams);

}  // namespace thalweg
