#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace thalweg {

/// `count` numbers from low to high, both ends exact, and 0 exactly where it is in the middle.
inline std::vector<double> equally_spaced(double low, double high, std::int64_t count) {
  std::vector<double> values;
  for (std::int64_t i = 0; i < count; ++i) {
    const double t = count > 1 ? static_cast<double>(i) / static_cast<double>(count - 1) : 0.0;
    values.push_back((1.0 - t) * low + t * high);
  }
  return values;
}

/// x = (1 − t) from + t to in float64, the ends exact.
template <class Real>
void between(std::span<const Real> from, std::span<const Real> to, double t, std::span<Real> x) {
  for (std::size_t j = 0; j < x.size(); ++j) {
    x[j] = static_cast<Real>(t * static_cast<double>(to[j]) +
                             (1.0 - t) * static_cast<double>(from[j]));
  }
}

}  // namespace thalweg
