#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <memory>
#include <utility>
#include <vector>

#include "base/philox.hpp"
#include "objectives/analytic/analytic.hpp"
#include "objectives/analytic/objective_kinds.hpp"

namespace thalweg {

namespace {

/// Orthonormal rows, by the uniform law on rotations and reflections: Gram–Schmidt, twice, on
/// Gaussian rows. n × n, row-major.
std::vector<double> random_axes(std::size_t n, std::uint64_t instance) {
  Stream stream(instance, Purpose::objective, 0);
  std::vector<double> rows(n * n);
  for (auto& element : rows) element = stream.normal();
  for (std::size_t i = 0; i < n; ++i) {
    double* row = rows.data() + i * n;
    for (int pass = 0; pass < 2; ++pass) {
      for (std::size_t k = 0; k < i; ++k) {
        const double* other = rows.data() + k * n;
        double along = 0.0;
        for (std::size_t j = 0; j < n; ++j) along += row[j] * other[j];
        for (std::size_t j = 0; j < n; ++j) row[j] -= along * other[j];
      }
    }
    double square = 0.0;
    for (std::size_t j = 0; j < n; ++j) square += row[j] * row[j];
    for (std::size_t j = 0; j < n; ++j) row[j] /= std::sqrt(square);
  }
  return rows;
}

/// A x, A = Qᵀ diag(a) Q; Q the rows of `axes`, or the identity where there are none.
void multiply_by(const std::vector<double>& spectrum, const std::vector<double>& axes,
                 std::span<const double> x, std::span<double> product) {
  const std::size_t n = spectrum.size();
  if (axes.empty()) {
    for (std::size_t i = 0; i < n; ++i) product[i] = spectrum[i] * x[i];
    return;
  }
  std::fill(product.begin(), product.end(), 0.0);
  for (std::size_t i = 0; i < n; ++i) {
    const double* row = axes.data() + i * n;
    double along = 0.0;
    for (std::size_t j = 0; j < n; ++j) along += row[j] * x[j];
    for (std::size_t j = 0; j < n; ++j) product[j] += spectrum[i] * along * row[j];
  }
}

AnalyticObjective::Formulas quadratic_form(std::vector<double> spectrum, std::vector<double> axes) {
  return {[=](std::span<const double> x) {
            std::vector<double> product(x.size());
            multiply_by(spectrum, axes, x, product);
            double sum = 0.0;
            for (std::size_t i = 0; i < x.size(); ++i) sum += 0.5 * x[i] * product[i];
            return sum;
          },
          [=](std::span<const double> x, std::span<double> gradient) {
            multiply_by(spectrum, axes, x, gradient);
          },
          [=](std::span<const double> /*x*/, std::span<const double> v, std::span<double> product) {
            multiply_by(spectrum, axes, v, product);
          }};
}

}  // namespace

ObjectiveKind quadratic_kind() {
  return {{{"quadratic",
            "½ xᵀAx of a given spectrum: gradient descent is x_k = (1 − ηa)^k x_0 along every axis",
            {{"spectrum", std::vector<double>{1.0, 0.1}, {}, "the eigenvalues of A, of any sign"},
             {"rotated", false, {}, "whether the axes are drawn, uniformly, not those of x"},
             {"instance", std::int64_t{0}, {.least = 0.0}, "what the axes are drawn by"}}},
           [](const Values& values, const Communicator& team) {
             const auto& spectrum = values.numbers("spectrum");
             auto axes = values.boolean("rotated")
                             ? random_axes(spectrum.size(),
                                           static_cast<std::uint64_t>(values.integer("instance")))
                             : std::vector<double>();
             return std::make_unique<AnalyticObjective>(team,
                                                        static_cast<std::int64_t>(spectrum.size()),
                                                        quadratic_form(spectrum, std::move(axes)));
           }},
          [](const Values& values, const Settings& table) {
            const auto& spectrum = values.numbers("spectrum");
            if (spectrum.empty()) table.fail("spectrum", "expected at least one eigenvalue");
            constexpr std::size_t most = 2000;  // axes are stored, and orthogonalised by every rank
            if (values.boolean("rotated") && spectrum.size() > most) {
              table.fail("rotated", fmt::format("found {} eigenvalues, expected at most {} of a "
                                                "rotated quadratic",
                                                spectrum.size(), most));
            }
            return ObjectiveShape{static_cast<std::int64_t>(spectrum.size()), 0};
          }};
}

}  // namespace thalweg
