#include "probes/spectral_density.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numbers>

#include "linalg/lanczos.hpp"
#include "probes/estimate.hpp"
#include "probes/hessian_operator.hpp"
#include "probes/probe_kind.hpp"

namespace thalweg {

namespace {

struct Quadrature {
  std::vector<double> nodes;    // Ritz values, ascending
  std::vector<double> weights;  // their sum is 1
  double rounding = 0.0;        // of a node
};

/// Σ weights · f(node)
template <class Function>
double apply(const Quadrature& quadrature, const Function& f) {
  double sum = 0.0;
  for (std::size_t i = 0; i < quadrature.nodes.size(); ++i) {
    sum += quadrature.weights[i] * f(quadrature.nodes[i]);
  }
  return sum;
}

Quadrature quadrature_of(LanczosProcess& process, std::int64_t iterations) {
  Quadrature quadrature;
  TridiagonalEigen eigen;
  double magnitude = 0.0;
  do {
    process.advance();
    eigen = process.eigen();
    magnitude =
        std::max({magnitude, std::abs(eigen.values.front()), std::abs(eigen.values.back())});
  } while (process.steps() < iterations && process.is_finite() && !process.is_exhausted(magnitude));
  quadrature.rounding = process.rounding(magnitude);
  const std::size_t n = eigen.values.size();
  quadrature.nodes = eigen.values;
  quadrature.weights.resize(n);
  for (std::size_t i = 0; i < n; ++i) {
    quadrature.weights[i] = eigen.vectors[i * n] * eigen.vectors[i * n];
  }
  return quadrature;
}

/// Mean and error of one function's quadrature over the starts.
template <class Function>
Estimate mean_over(const std::vector<Quadrature>& quadratures, const Function& f) {
  std::vector<double> values;
  values.reserve(quadratures.size());
  for (const auto& quadrature : quadratures) values.push_back(apply(quadrature, f));
  return mean_of(values);
}

}  // namespace

Measurement SpectralDensity::measure(Objective<double>& objective, std::span<const double> x,
                                     Subset subset) {
  const VectorSpace& space = objective.space();
  const std::int64_t iterations = std::min(options_.iterations, space.dimension());
  const auto hessian = hessian_operator(objective, x, subset);
  std::vector<Quadrature> quadratures;
  std::int64_t products = 0;
  for (std::int64_t draw = 0; draw < options_.vectors; ++draw) {
    LanczosProcess process(space, hessian, normal_slice(space, options_.seed, draw));
    quadratures.push_back(quadrature_of(process, iterations));
    products += process.steps();
  }

  double low = std::numeric_limits<double>::infinity();
  double high = -low;
  double rounding = 0.0;
  for (const auto& quadrature : quadratures) {
    low = std::min(low, quadrature.nodes.front());
    high = std::max(high, quadrature.nodes.back());
    rounding = std::max(rounding, quadrature.rounding);
  }
  constexpr double tails = 6.0;  // of Gaussians beyond the outermost Ritz values
  const auto intervals = static_cast<double>(options_.points - 1);
  const double width = std::max(std::sqrt(1e-5 * std::max(1.0, high - low)),
                                (high - low) / (intervals - 2.0 * tails));
  const double spacing = (high - low + 2.0 * tails * width) / intervals;
  const double height = 1.0 / (width * std::sqrt(2.0 * std::numbers::pi));
  std::vector<double> eigenvalues;
  std::vector<double> density;
  std::vector<double> errors;
  double integral = 0.0;
  for (std::int64_t k = 0; k < options_.points; ++k) {
    const double at = low - tails * width + static_cast<double>(k) * spacing;
    const auto here = mean_over(quadratures, [&](double node) {
      const double distance = (at - node) / width;
      return height * std::exp(-0.5 * distance * distance);
    });
    eigenvalues.push_back(at);
    density.push_back(here.value);
    errors.push_back(here.error);
    integral += here.value * spacing;
  }

  const auto size = static_cast<double>(space.dimension());
  const auto mean = mean_over(quadratures, [](double node) { return node; });
  const double zero = std::max(width, rounding);
  const auto negative =
      mean_over(quadratures, [zero](double node) { return node < -zero ? 1.0 : 0.0; });
  // One row a node, whatever the number of steps each start took.
  std::vector<double> nodes;
  std::vector<double> weights;
  for (const auto& quadrature : quadratures) {
    for (std::int64_t i = 0; i < iterations; ++i) {
      const auto k = static_cast<std::size_t>(i);
      const bool is_there = k < quadrature.nodes.size();
      nodes.push_back(is_there ? quadrature.nodes[k] : std::numeric_limits<double>::quiet_NaN());
      weights.push_back(is_there ? quadrature.weights[k] : 0.0);
    }
  }
  Measurement found;
  found.scalars = {
      {"ritz_max", high, "1", "largest Ritz value of all starts"},
      {"ritz_min", low, "1", "smallest Ritz value of all starts"},
      {"trace", size * mean.value, "1", "trace of the curvature matrix by the quadrature"},
      {"trace_error", size * mean.error, "1", "its standard error"},
      {"negative_share", negative.value, "1",
       "share of the spectrum below minus the broadening, and minus rounding"},
      {"negative_share_error", negative.error, "1", "its standard error"},
      {"broadening", width, "1", "standard deviation of the Gaussians"},
      {"rounding", rounding, "1", "bound of what the products' rounding makes of Ritz values"},
      {"integral", integral, "1", "of the density over the grid; 1 if the grid is fine enough"},
      {"products", static_cast<double>(products), "1", "products with the matrix used"},
  };
  found.details = {
      {"eigenvalue", eigenvalues, "point", "1", "grid of eigenvalues"},
      {"density", density, "point", "1", "density of the spectrum"},
      {"density_error", errors, "point", "1", "its standard error over the starts"},
      {"ritz_value", nodes, "node", "1", "Ritz values, start by start; none where a start ended"},
      {"ritz_weight", weights, "node", "1", "their weights"},
  };
  return found;
}

ProbeKind spectral_density_kind() {
  const SpectralDensityOptions usual;
  ProbeKind kind{{{"spectral_density",
                   "density of the whole spectrum by stochastic Lanczos quadrature (Ubaru et al. "
                   "2017); standard errors; vectors × iterations products",
                   {{"vectors", usual.vectors, {.least = 2.0}, "starts of Lanczos"},
                    {"iterations", usual.iterations, {.least = 1.0}, "Lanczos steps from each"},
                    {"points", usual.points, {.least = 101.0}, "of the grid of eigenvalues"}}},
                  [](const Values& values, std::uint64_t seed) {
                    SpectralDensityOptions options;
                    options.vectors = values.integer("vectors");
                    options.iterations = values.integer("iterations");
                    options.points = values.integer("points");
                    options.seed = seed;
                    return std::make_unique<SpectralDensity>(options);
                  }}};
  kind.is_of_curvature = true;
  return kind;
}

}  // namespace thalweg
