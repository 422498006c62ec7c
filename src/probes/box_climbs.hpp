#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "optimizers/box/box_ascent.hpp"

namespace thalweg {

/// Climbs to the maximum of a function over a box, one entry a start.
struct Climbs {
  std::vector<std::string> kinds;  ///< "origin" | "corner" | "interior"
  std::vector<std::string> exits;  ///< of `BoxAscentResult`
  std::vector<double> start_values;
  std::vector<double> values;
  std::vector<double> evaluations;
  std::vector<double> iterations;
  std::vector<double> gaps;

  /// The highest finite value of the first `count` climbs, none below `floor`.
  [[nodiscard]] double highest(std::size_t count, double floor) const;
  /// Did the best climb end at a first-order maximum, and did the second half of them bring less
  /// than 1 % of the rise above `base`? Never of fewer than two climbs away from the origin.
  [[nodiscard]] bool converged(double base) const;
};

/// Climbs by `maximise_in_box` from the origin, random corners and random points of a box about
/// the origin, in turn; `base` is the value at the origin. Collective like `function`.
Climbs climb_box(const BoxFunction& function, std::span<const double> lower,
                 std::span<const double> upper, std::int64_t starts, std::uint64_t seed,
                 double base);

struct PublishedMaximum {
  double value = 0.0;
  double evaluations = 0.0;
};

/// What `iterations` of L-BFGS-B reach from the origin and from one random corner (Keskar et al.,
/// 1609.04836, who do not say where theirs began); `base` is the value at the origin. Collective
/// like `function`.
PublishedMaximum published_maximum(const BoxFunction& function, std::span<const double> lower,
                                   std::span<const double> upper, std::int64_t iterations,
                                   std::uint64_t seed, double base);

}  // namespace thalweg
