#pragma once

#include <cmath>
#include <vector>

#include "optimizers/flow/flow.hpp"

namespace thalweg::test {

/// ẋ = Ax, A n × n row-major; the returned number is Σ x_i.
inline Flow::RightHandSide linear(const VectorSpace& space, std::vector<double> a) {
  return [&space, a](std::span<const double> x, std::span<double> slope) {
    const auto begin = static_cast<std::size_t>(space.slice().begin);
    double sum = 0.0;
    for (const double value : x) sum += value;
    for (std::size_t i = 0; i < slope.size(); ++i) {
      slope[i] = 0.0;
      for (std::size_t j = 0; j < x.size(); ++j) slope[i] += a[(begin + i) * x.size() + j] * x[j];
    }
    return sum;
  };
}

/// ẋ_i = sin(x_{i+1}) + ½ cos(i) − x_i³, in a ring: not linear, and every slice needs its
/// neighbour.
inline Flow::RightHandSide ring(const VectorSpace& space) {
  return [&space](std::span<const double> x, std::span<double> slope) {
    const auto begin = static_cast<std::size_t>(space.slice().begin);
    for (std::size_t i = 0; i < slope.size(); ++i) {
      const std::size_t at = begin + i;
      const double next = x[(at + 1) % x.size()];
      slope[i] = std::sin(next) + 0.5 * std::cos(static_cast<double>(at)) - x[at] * x[at] * x[at];
    }
    return x[0];
  };
}

inline std::vector<double> ring_start(std::size_t n) {
  std::vector<double> x(n);
  for (std::size_t i = 0; i < n; ++i) x[i] = std::sin(1.0 + static_cast<double>(i * i % 97));
  return x;
}

inline FlowOptions tolerances(double relative, double absolute) {
  FlowOptions options;
  options.relative_tolerance = relative;
  options.absolute_tolerance = absolute;
  return options;
}

/// Every step is accepted, and as long as last_time lets it be.
inline FlowOptions uncontrolled() {
  FlowOptions options = tolerances(1e6, 1e6);
  options.first_step = 1e3;
  return options;
}

inline std::vector<double> copy(std::span<const double> x) {
  return {x.begin(), x.end()};
}

inline std::vector<double> at(const Flow& flow, double time) {
  std::vector<double> x(flow.point().size());
  flow.interpolate(time, x);
  return x;
}

}  // namespace thalweg::test
