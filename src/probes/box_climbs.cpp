#include "probes/box_climbs.hpp"

#include <algorithm>
#include <cmath>

#include "base/philox.hpp"
#include "optimizers/box/lbfgsb.hpp"

namespace thalweg {

namespace {

enum class StartKind { origin, corner, interior };

StartKind kind_of(std::int64_t start) {
  if (start == 0) return StartKind::origin;
  return start % 2 == 1 ? StartKind::corner : StartKind::interior;
}

const char* name_of_start(StartKind kind) {
  switch (kind) {
    case StartKind::origin:
      return "origin";
    case StartKind::corner:
      return "corner";
    case StartKind::interior:
      return "interior";
  }
  return "";
}

std::vector<double> start_point(std::int64_t start, std::span<const double> bound,
                                std::uint64_t seed) {
  std::vector<double> z(bound.size(), 0.0);
  Stream stream(seed, Purpose::sharpness_start, static_cast<std::uint64_t>(start));
  const StartKind kind = kind_of(start);
  for (std::size_t i = 0; i < z.size(); ++i) {
    if (kind == StartKind::corner) z[i] = stream.rademacher() * bound[i];
    if (kind == StartKind::interior) z[i] = stream.uniform(-1.0, 1.0) * bound[i];
  }
  return z;
}

}  // namespace

double Climbs::highest(std::size_t count, double floor) const {
  for (std::size_t i = 0; i < count; ++i) {
    if (std::isfinite(values[i])) floor = std::max(floor, values[i]);
  }
  return floor;
}

bool Climbs::converged(double base) const {
  if (values.size() < 3) return false;
  if (!std::all_of(values.begin(), values.end(), [](double v) { return std::isfinite(v); })) {
    return false;
  }
  const double best = highest(values.size(), base);
  const double rise = best - base;
  if (rise <= 1e-14 * (1.0 + std::abs(base))) return true;  // flat to rounding
  bool stationary = false;
  for (std::size_t i = 0; i < values.size(); ++i) {
    stationary = stationary || (values[i] >= best && exits[i] == "stationary");
  }
  return stationary && highest((values.size() + 1) / 2, base) - base >= 0.99 * rise;
}

Climbs climb_box(const BoxFunction& function, std::span<const double> lower,
                 std::span<const double> upper, std::int64_t starts, std::uint64_t seed,
                 double base) {
  Climbs climbs;
  BoxAscentOptions options;
  options.base = base;
  for (std::int64_t start = 0; start < starts; ++start) {
    const auto result =
        maximise_in_box(function, start_point(start, upper, seed), lower, upper, options);
    climbs.kinds.emplace_back(name_of_start(kind_of(start)));
    climbs.exits.push_back(result.exit);
    climbs.start_values.push_back(result.start_value);
    climbs.values.push_back(result.value);
    climbs.evaluations.push_back(static_cast<double>(result.evaluations));
    climbs.iterations.push_back(static_cast<double>(result.iterations));
    climbs.gaps.push_back(result.gap);
  }
  return climbs;
}

PublishedMaximum published_maximum(const BoxFunction& function, std::span<const double> lower,
                                   std::span<const double> upper, std::int64_t iterations,
                                   std::uint64_t seed, double base) {
  const BoxFunction negated = [&](std::span<const double> z, std::span<double> g) {
    const double value = function(z, g);
    for (auto& entry : g) entry = -entry;
    return -value;
  };
  PublishedMaximum found{base, 0.0};
  LbfgsbOptions options;
  options.max_iterations = iterations;
  for (const std::int64_t start : {0, 1}) {
    const auto result =
        minimise_in_box(negated, start_point(start, upper, seed), lower, upper, options);
    found.evaluations += static_cast<double>(result.evaluations);
    if (-result.value > found.value) found.value = -result.value;
  }
  return found;
}

}  // namespace thalweg
