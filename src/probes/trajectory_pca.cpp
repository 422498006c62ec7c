#include "probes/trajectory_pca.hpp"

#include <algorithm>
#include <cmath>
#include <numbers>

#include "base/error.hpp"
#include "linalg/dense_symmetric.hpp"

namespace thalweg {

namespace {

template <class Real>
double dot(const std::vector<Real>& a, const std::vector<Real>& b) {
  double sum = 0.0;
  for (std::size_t i = 0; i < a.size(); ++i) {
    sum += static_cast<double>(a[i]) * static_cast<double>(b[i]);
  }
  return sum;
}

double null_share(Centring centring, std::size_t k) {
  constexpr double pi_squared = std::numbers::pi * std::numbers::pi;
  const auto order = static_cast<double>(k);
  return centring == Centring::mean
             ? 6.0 / (pi_squared * order * order)
             : 8.0 / (pi_squared * (2.0 * order - 1.0) * (2.0 * order - 1.0));
}

/// The points in float64, less the last of them or their mean.
template <class Real>
std::vector<std::vector<double>> centred(const std::vector<std::vector<Real>>& points,
                                         Centring centring) {
  const std::size_t p = points.front().size();
  std::vector<double> centre(p, 0.0);
  if (centring == Centring::last) {
    std::copy(points.back().begin(), points.back().end(), centre.begin());
  } else {
    for (const auto& point : points) {
      for (std::size_t j = 0; j < p; ++j) centre[j] += static_cast<double>(point[j]);
    }
    for (auto& c : centre) c /= static_cast<double>(points.size());
  }
  std::vector<std::vector<double>> rows;
  for (const auto& point : points) {
    rows.emplace_back(p);
    for (std::size_t j = 0; j < p; ++j) {
      rows.back()[j] = static_cast<double>(point[j]) - centre[j];
    }
  }
  return rows;
}

}  // namespace

template <class Real>
TrajectoryPca trajectory_pca(const std::vector<std::vector<Real>>& points, Centring centring,
                             std::int64_t count) {
  if (points.size() < 2) throw Error("principal components of a trajectory need two points");
  const auto rows = centred(points, centring);
  const std::size_t t = rows.size();
  std::vector<double> gram(t * t);
  double trace = 0.0;
  for (std::size_t a = 0; a < t; ++a) {
    for (std::size_t b = 0; b <= a; ++b) gram[a * t + b] = gram[b * t + a] = dot(rows[a], rows[b]);
    trace += gram[a * t + a];
  }
  const auto eigen = dense_symmetric_eigen(gram, static_cast<std::int64_t>(t));
  TrajectoryPca pca;
  // Of the Gram matrix's eigenvalues what lies below its rounding is none.
  const double floor = 1e-12 * std::max(trace, 0.0);
  for (std::size_t k = 1; k <= std::min(static_cast<std::size_t>(count), t); ++k) {
    const double value = eigen.values[t - k];
    if (!(value > floor)) break;
    std::vector<double> component(rows.front().size(), 0.0);
    for (std::size_t a = 0; a < t; ++a) {
      const double weight = eigen.vectors[(t - k) * t + a] / std::sqrt(value);
      for (std::size_t j = 0; j < component.size(); ++j) component[j] += weight * rows[a][j];
    }
    pca.components.push_back(std::move(component));
    pca.explained.push_back(value / trace);
    pca.explained_null.push_back(null_share(centring, k));
  }
  return pca;
}

template TrajectoryPca trajectory_pca(const std::vector<std::vector<float>>&, Centring,
                                      std::int64_t);
template TrajectoryPca trajectory_pca(const std::vector<std::vector<double>>&, Centring,
                                      std::int64_t);

}  // namespace thalweg
