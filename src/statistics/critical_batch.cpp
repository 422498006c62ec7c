#include "statistics/critical_batch.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "base/error.hpp"

namespace thalweg {

namespace {

/// Sums of one point of the iteration: JᵀJ (symmetric), Jᵀr and rᵀr.
struct Normal {
  double uu = 0.0;
  double uv = 0.0;
  double vv = 0.0;
  double ur = 0.0;
  double vr = 0.0;
  double rr = 0.0;
};

/// u = log S_min, v = log E_min.
Normal normal_at(std::span<const BatchSteps> points, double u, double v) {
  Normal sums;
  for (const auto& point : points) {
    const double flat = std::exp(u);
    const double falling = std::exp(v) / point.batch;
    const double model = flat + falling;
    const double by_u = flat / model;
    const double by_v = falling / model;
    const double r = std::log(point.steps) - std::log(model);
    sums.uu += by_u * by_u;
    sums.uv += by_u * by_v;
    sums.vv += by_v * by_v;
    sums.ur += by_u * r;
    sums.vr += by_v * r;
    sums.rr += r * r;
  }
  return sums;
}

void check(std::span<const BatchSteps> points) {
  double least = std::numeric_limits<double>::infinity();
  double most = 0.0;
  for (const auto& point : points) {
    if (!(point.batch > 0.0 && point.steps > 0.0) || !std::isfinite(point.batch + point.steps)) {
      throw Error("critical batch: batch sizes and steps must be positive and finite");
    }
    least = std::min(least, point.batch);
    most = std::max(most, point.batch);
  }
  if (!(least < most)) throw Error("critical batch: needs at least two batch sizes");
}

}  // namespace

CriticalBatchFit fit_critical_batch(std::span<const BatchSteps> points) {
  check(points);
  // Half of the steps of the largest batch, half of the samples of the smallest: within the curve.
  const auto by_batch = [](const BatchSteps& a, const BatchSteps& b) { return a.batch < b.batch; };
  const auto [small, large] = std::minmax_element(points.begin(), points.end(), by_batch);
  double u = std::log(0.5 * large->steps);
  double v = std::log(0.5 * small->steps * small->batch);
  Normal now = normal_at(points, u, v);
  double damping = 1e-3;
  bool converged = false;
  constexpr int most_iterations = 1000;
  for (int i = 0; i < most_iterations && !converged; ++i) {
    const double a = now.uu * (1.0 + damping);
    const double d = now.vv * (1.0 + damping);
    const double determinant = a * d - now.uv * now.uv;
    if (!(determinant > 0.0)) break;
    const double du = (d * now.ur - now.uv * now.vr) / determinant;
    const double dv = (a * now.vr - now.uv * now.ur) / determinant;
    const Normal next = normal_at(points, u + du, v + dv);
    constexpr double resolution = 1e-13;
    converged = std::abs(du) < resolution && std::abs(dv) < resolution;
    if (next.rr <= now.rr) {
      u += du;
      v += dv;
      now = next;
      damping = std::max(damping / 10.0, 1e-15);
    } else {
      damping *= 10.0;
    }
  }

  CriticalBatchFit fit;
  fit.least_steps = std::exp(u);
  fit.least_samples = std::exp(v);
  fit.critical_batch = std::exp(v - u);
  const auto count = static_cast<double>(points.size());
  fit.residual = std::sqrt(now.rr / count);
  const double determinant = now.uu * now.vv - now.uv * now.uv;
  // Where one term does not count at any point, the iteration ends with a derivative of nothing.
  constexpr double negligible = 1e-6;
  fit.converged = converged && now.uu > negligible && now.vv > negligible && determinant > 0.0;
  fit.inside =
      fit.converged && small->batch <= fit.critical_batch && fit.critical_batch <= large->batch;
  const double variance =
      points.size() > 2 ? now.rr / (count - 2.0) : std::numeric_limits<double>::quiet_NaN();
  const double scale = variance / determinant;
  fit.least_steps_error = fit.least_steps * std::sqrt(scale * now.vv);
  fit.least_samples_error = fit.least_samples * std::sqrt(scale * now.uu);
  fit.critical_batch_error =
      fit.critical_batch * std::sqrt(scale * (now.uu + now.vv + 2.0 * now.uv));
  return fit;
}

}  // namespace thalweg
