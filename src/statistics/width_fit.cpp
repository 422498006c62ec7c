#include "statistics/width_fit.hpp"

#include <algorithm>
#include <cmath>

#include "base/error.hpp"

namespace thalweg {

PowerLaw fit_power_law(std::span<const double> x, std::span<const double> y) {
  const std::size_t n = x.size();
  if (n < 3 || y.size() != n) throw Error("power law: expected at least three points");
  double mean_x = 0.0;
  double mean_y = 0.0;
  for (std::size_t i = 0; i < n; ++i) {
    if (!(x[i] > 0.0) || !(y[i] > 0.0)) throw Error("power law: expected positive numbers");
    mean_x += std::log(x[i]) / static_cast<double>(n);
    mean_y += std::log(y[i]) / static_cast<double>(n);
  }
  double xx = 0.0;
  double xy = 0.0;
  for (std::size_t i = 0; i < n; ++i) {
    const double dx = std::log(x[i]) - mean_x;
    xx += dx * dx;
    xy += dx * (std::log(y[i]) - mean_y);
  }
  if (!(xx > 1e-20)) throw Error("power law: expected at least two different widths");
  PowerLaw law;
  law.exponent = xy / xx;
  law.log_prefactor = mean_y - law.exponent * mean_x;
  double residual = 0.0;
  for (std::size_t i = 0; i < n; ++i) {
    const double r = std::log(y[i]) - law.log_prefactor - law.exponent * std::log(x[i]);
    residual += r * r;
  }
  law.exponent_error = std::sqrt(residual / static_cast<double>(n - 2) / xx);
  return law;
}

double errors_above_half(const PowerLaw& law) {
  constexpr double rounding = 1e-9;
  const double above = law.exponent + .5;
  return std::abs(above) <= rounding ? 0.0 : above / law.exponent_error;
}

std::string verdict_of(const PowerLaw& law, Expectation expectation) {
  if (!(law.exponent_error <= .25)) return "undecided";
  constexpr double agreeing_errors = 2.0;
  constexpr double near = .1;
  const double sign = expectation == Expectation::equal && law.exponent < -.5 ? -1.0 : 1.0;
  if (sign * errors_above_half(law) <= agreeing_errors) return "agrees";
  return sign * (law.exponent + .5) <= near ? "near" : "disagrees";
}

}  // namespace thalweg
