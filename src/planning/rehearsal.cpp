#include "planning/rehearsal.hpp"

#include <algorithm>
#include <cmath>
#include <fstream>

#include "base/clock.hpp"
#include "base/freed_memory.hpp"
#include "planning/plan_timing.hpp"

namespace thalweg {

Rehearsal rehearsed(const std::function<void()>& work) {
  give_back_freed_memory();
  // Sets VmHWM back to VmRSS (proc(5), clear_refs); where that is denied the peak before counts.
  std::ofstream("/proc/self/clear_refs") << "5";
  const double before = status_bytes("VmRSS");
  const Stopwatch watch;
  work();
  return {watch.elapsed_s(), std::max(0.0, status_bytes("VmHWM") - before)};
}

double GrowthLaw::at(double size) const {
  const double high = std::pow(size / large_size, high_power);
  if (small_size <= 0.0 || small_size >= large_size) return large * high;
  const double ratio = small_size / large_size;
  const double of_low = std::pow(ratio, low_power);
  const double of_high = std::pow(ratio, high_power);
  // In units of the larger size: small = a rᵖ + b rᵠ, large = a + b.
  const double b = std::clamp((small - large * of_low) / (of_high - of_low), 0.0, large);
  return (large - b) * std::pow(size / large_size, low_power) + b * high;
}

}  // namespace thalweg
