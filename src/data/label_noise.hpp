#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace thalweg {

/// Labels of which each, with its own probability p, becomes a class drawn uniformly from all
/// `classes`, its own among them (Zhang et al. 2017, "partially corrupted labels"). What happens to
/// a sample is a function of (seed, its number) alone. Local. Throws Error unless 0 ≤ p ≤ 1.
std::vector<std::int32_t> with_random_labels(std::span<const std::int32_t> labels,
                                             std::int64_t classes, double p, std::uint64_t seed);

/// As above, the new class drawn uniformly from the others (symmetric label noise): p of the labels
/// are wrong. Throws Error too where there is no other class.
std::vector<std::int32_t> with_label_noise(std::span<const std::int32_t> labels,
                                           std::int64_t classes, double p, std::uint64_t seed);

}  // namespace thalweg
