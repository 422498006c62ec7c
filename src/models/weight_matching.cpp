#include "models/weight_matching.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "base/philox.hpp"
#include "linalg/assignment.hpp"
#include "linalg/gemm.hpp"

namespace thalweg {

namespace {

template <class Real>
double distance(std::span<const Real> a, std::span<const Real> b) {
  double squares = 0.0;
  for (std::size_t i = 0; i < a.size(); ++i) {
    const double gap = static_cast<double>(a[i]) - static_cast<double>(b[i]);
    squares += gap * gap;
  }
  return std::sqrt(squares);
}

/// An axis' array as a matrix units × (outer · inner), in float64.
template <class Real>
std::vector<double> by_unit(std::span<const Real> w, std::int64_t units,
                            const HiddenUnits::Axis& axis) {
  std::vector<double> rows(static_cast<std::size_t>(axis.outer * units * axis.inner));
  for (std::int64_t o = 0; o < axis.outer; ++o) {
    for (std::int64_t u = 0; u < units; ++u) {
      for (std::int64_t i = 0; i < axis.inner; ++i) {
        rows[static_cast<std::size_t>((u * axis.outer + o) * axis.inner + i)] = static_cast<double>(
            w[static_cast<std::size_t>(axis.offset + (o * units + u) * axis.inner + i)]);
      }
    }
  }
  return rows;
}

/// Gain of putting unit v of b at place u: Σ over the unit's parameters of a_u b_v.
template <class Real>
std::vector<double> gains(std::span<const Real> a, std::span<const Real> b,
                          const HiddenUnits& layer) {
  std::vector<double> sums(static_cast<std::size_t>(layer.units * layer.units), 0.0);
  for (const auto& axis : layer.axes) {
    const auto rows_a = by_unit(a, layer.units, axis);
    const auto rows_b = by_unit(b, layer.units, axis);
    gemm(false, true, layer.units, layer.units, axis.outer * axis.inner, 1.0, rows_a.data(),
         rows_b.data(), 1.0, sums.data());
  }
  return sums;
}

double gain_of(std::span<const double> gains, std::span<const std::int64_t> permutation) {
  double sum = 0.0;
  for (std::size_t u = 0; u < permutation.size(); ++u) {
    sum += gains[u * permutation.size() + static_cast<std::size_t>(permutation[u])];
  }
  return sum;
}

}  // namespace

template <class Real>
WeightMatching match_weights(std::span<const Real> a, std::span<Real> b,
                             const std::vector<HiddenUnits>& layers, std::uint64_t seed) {
  WeightMatching result;
  result.before = distance<Real>(a, b);
  std::vector<std::int64_t> order(layers.size());
  std::iota(order.begin(), order.end(), 0);
  bool improved = true;
  while (improved) {
    improved = false;
    Stream stream(seed, Purpose::permutation, static_cast<std::uint64_t>(result.sweeps));
    shuffle(order, stream);
    for (const auto index : order) {
      const auto& layer = layers[static_cast<std::size_t>(index)];
      const auto table = gains<Real>(a, b, layer);
      std::vector<std::int64_t> stay(static_cast<std::size_t>(layer.units));
      std::iota(stay.begin(), stay.end(), 0);
      const auto best = best_assignment(table, layer.units);
      // A gain within rounding would let the search go round in circles.
      const double now = gain_of(table, stay);
      if (!(gain_of(table, best) > now + 1e-12 * std::abs(now))) continue;
      permute_units<Real>(b, layer, best);
      improved = true;
    }
    ++result.sweeps;
  }
  result.after = distance<Real>(a, b);
  return result;
}

template <class Real>
void shuffle_units(std::span<Real> w, const std::vector<HiddenUnits>& layers, std::uint64_t seed) {
  for (std::size_t l = 0; l < layers.size(); ++l) {
    std::vector<std::int64_t> permutation(static_cast<std::size_t>(layers[l].units));
    std::iota(permutation.begin(), permutation.end(), 0);
    constexpr std::uint64_t copies = std::uint64_t{1} << 32;  // apart from the orders of sweeps
    Stream stream(seed, Purpose::permutation, copies + l);
    shuffle(permutation, stream);
    permute_units<Real>(w, layers[l], permutation);
  }
}

template WeightMatching match_weights(std::span<const float>, std::span<float>,
                                      const std::vector<HiddenUnits>&, std::uint64_t);
template WeightMatching match_weights(std::span<const double>, std::span<double>,
                                      const std::vector<HiddenUnits>&, std::uint64_t);
template void shuffle_units(std::span<float>, const std::vector<HiddenUnits>&, std::uint64_t);
template void shuffle_units(std::span<double>, const std::vector<HiddenUnits>&, std::uint64_t);

}  // namespace thalweg
