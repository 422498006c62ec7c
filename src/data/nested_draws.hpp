#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace thalweg {

/// Samples of a pool in an order whose every beginning is a small training set of its own: of each
/// run of `classes` samples one is of each class, as long as none is used up, so that sets of 10,
/// 20, 40, … are nested and balanced. A function of labels, seed and draw alone. Local. Throws
/// Error for a class without samples.
std::vector<std::int64_t> nested_draw(std::span<const std::int32_t> labels, std::int64_t classes,
                                      std::uint64_t seed, std::int64_t draw);

}  // namespace thalweg
