#pragma once

#include <functional>

namespace thalweg {

/// What a piece of a study's own work took, made once.
struct Rehearsal {
  double seconds = 0.0;
  double bytes = 0.0;  ///< resident at its peak beyond what was before
};

/// Makes it. Local.
[[nodiscard]] Rehearsal rehearsed(const std::function<void()>& work);

/// a xᵖ + b xᵠ through what two sizes took, neither a nor b below 0; with one size the higher power
/// alone.
struct GrowthLaw {
  double small_size = 0.0;
  double small = 0.0;
  double large_size = 0.0;
  double large = 0.0;
  double low_power = 2.0;
  double high_power = 3.0;

  [[nodiscard]] double at(double size) const;
};

}  // namespace thalweg
