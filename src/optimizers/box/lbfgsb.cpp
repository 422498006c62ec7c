#include "optimizers/box/lbfgsb.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <utility>

#include "optimizers/box/quasi_newton_model.hpp"
#include "optimizers/box/wolfe_search.hpp"

namespace thalweg {

namespace {

struct Box {
  std::span<const double> lower;
  std::span<const double> upper;
  [[nodiscard]] double clamp(double value, std::size_t i) const {
    return std::clamp(value, lower[i], upper[i]);
  }
};

double projected_gradient(std::span<const double> x, std::span<const double> g, const Box& box) {
  double norm = 0.0;
  for (std::size_t i = 0; i < x.size(); ++i) {
    norm = std::max(norm, std::abs(box.clamp(x[i] - g[i], i) - x[i]));
  }
  return norm;
}

/// The first local minimiser of the model along the projected gradient path, and c = Wᵀ(x_c − x).
struct CauchyPoint {
  std::vector<double> x;
  std::vector<double> c;
};

CauchyPoint cauchy_point(std::span<const double> x, std::span<const double> g, const Box& box,
                         const QuasiNewtonModel& model) {
  const std::size_t n = x.size();
  std::vector<double> breaks(n);
  std::vector<double> d(n);
  for (std::size_t i = 0; i < n; ++i) {
    breaks[i] = std::numeric_limits<double>::infinity();
    if (g[i] < 0.0) breaks[i] = (x[i] - box.upper[i]) / g[i];
    if (g[i] > 0.0) breaks[i] = (x[i] - box.lower[i]) / g[i];
    d[i] = breaks[i] > 0.0 ? -g[i] : 0.0;
  }
  std::vector<std::size_t> order;
  for (std::size_t i = 0; i < n; ++i) {
    if (breaks[i] > 0.0 && std::isfinite(breaks[i])) order.push_back(i);
  }
  std::sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
    return breaks[a] < breaks[b] || (breaks[a] == breaks[b] && a < b);
  });

  CauchyPoint cauchy{{x.begin(), x.end()}, std::vector<double>(model.width(), 0.0)};
  std::vector<double> p = model.transpose_times(d);
  std::vector<double> w(model.width());
  double slope = -dot(d, d);
  double curvature = -model.theta() * slope - dot(p, model.middle_times(p));
  const double least_curvature = 2.2e-16 * std::max(curvature, 0.0);
  double step = curvature > 0.0 ? -slope / curvature : 0.0;
  double reached = 0.0;
  std::size_t next = 0;
  while (next < order.size()) {
    const std::size_t i = order[next];
    const double stretch = breaks[i] - reached;
    if (step < stretch) break;
    // Past the break point of variable i: it stays at its bound.
    const double gi = g[i];
    cauchy.x[i] = d[i] > 0.0 ? box.upper[i] : box.lower[i];
    const double z = cauchy.x[i] - x[i];
    for (std::size_t k = 0; k < p.size(); ++k) cauchy.c[k] += stretch * p[k];
    model.row(i, w);
    const auto mw = model.middle_times(w);
    slope += stretch * curvature + gi * gi + model.theta() * gi * z - gi * dot(mw, cauchy.c);
    curvature += -model.theta() * gi * gi - 2.0 * gi * dot(mw, p) - gi * gi * dot(mw, w);
    curvature = std::max(curvature, least_curvature);
    for (std::size_t k = 0; k < p.size(); ++k) p[k] += gi * w[k];
    d[i] = 0.0;
    step = curvature > 0.0 ? -slope / curvature : 0.0;
    reached = breaks[i];
    ++next;
  }
  step = std::max(step, 0.0);
  if (next == order.size() &&
      std::none_of(d.begin(), d.end(), [](double di) { return di != 0.0; })) {
    step = 0.0;
  }
  reached += step;
  for (std::size_t i = 0; i < n; ++i) {
    if (d[i] != 0.0) cauchy.x[i] = box.clamp(x[i] + reached * d[i], i);
  }
  for (std::size_t k = 0; k < p.size(); ++k) cauchy.c[k] += step * p[k];
  return cauchy;
}

/// Minimises the model over the variables that are free at the Cauchy point, cut back to the box.
std::vector<double> subspace_minimum(std::span<const double> x, std::span<const double> g,
                                     const Box& box, const QuasiNewtonModel& model,
                                     const CauchyPoint& cauchy) {
  const std::size_t width = model.width();
  std::vector<double> point = cauchy.x;
  std::vector<std::size_t> free;
  for (std::size_t i = 0; i < x.size(); ++i) {
    if (cauchy.x[i] > box.lower[i] && cauchy.x[i] < box.upper[i]) free.push_back(i);
  }
  if (free.empty()) return point;
  const double theta = model.theta();
  const auto mc = model.middle_times(cauchy.c);
  std::vector<double> reduced(free.size());
  std::vector<double> v(width, 0.0);
  std::vector<double> overlap(width * width, 0.0);  // Wᵀ Z Zᵀ W / θ
  std::vector<double> w(width);
  for (std::size_t f = 0; f < free.size(); ++f) {
    const std::size_t i = free[f];
    model.row(i, w);
    reduced[f] = g[i] + theta * (cauchy.x[i] - x[i]) - dot(w, mc);
    for (std::size_t a = 0; a < width; ++a) {
      v[a] += w[a] * reduced[f];
      for (std::size_t b = 0; b < width; ++b) overlap[a * width + b] += w[a] * w[b] / theta;
    }
  }
  v = model.middle_times(v);
  std::vector<double> system(width * width, 0.0);
  for (std::size_t a = 0; a < width; ++a) {
    for (std::size_t b = 0; b < width; ++b) {
      double sum = a == b ? 1.0 : 0.0;
      for (std::size_t k = 0; k < width; ++k) {
        sum -= model.middle()[a * width + k] * overlap[k * width + b];
      }
      system[a * width + b] = sum;
    }
  }
  if (width > 0 && !solve_small(system, v, width, 1)) return point;
  double scale = 1.0;
  std::vector<double> direction(free.size());
  for (std::size_t f = 0; f < free.size(); ++f) {
    const std::size_t i = free[f];
    model.row(i, w);
    direction[f] = -reduced[f] / theta - dot(w, v) / (theta * theta);
    if (direction[f] > 0.0) scale = std::min(scale, (box.upper[i] - point[i]) / direction[f]);
    if (direction[f] < 0.0) scale = std::min(scale, (box.lower[i] - point[i]) / direction[f]);
  }
  for (std::size_t f = 0; f < free.size(); ++f) {
    point[free[f]] = box.clamp(point[free[f]] + scale * direction[f], free[f]);
  }
  return point;
}

/// The longest step that stays in the box; the target, step 1, is in it.
double longest_step(std::span<const double> x, std::span<const double> direction, const Box& box) {
  double longest = std::numeric_limits<double>::infinity();
  for (std::size_t i = 0; i < x.size(); ++i) {
    if (direction[i] > 0.0) longest = std::min(longest, (box.upper[i] - x[i]) / direction[i]);
    if (direction[i] < 0.0) longest = std::min(longest, (box.lower[i] - x[i]) / direction[i]);
  }
  return std::max(longest, 1.0);
}

}  // namespace

LbfgsbResult minimise_in_box(const BoxFunction& function, std::span<const double> start,
                             std::span<const double> lower, std::span<const double> upper,
                             const LbfgsbOptions& options) {
  const std::size_t n = start.size();
  const Box box{lower, upper};
  QuasiNewtonModel model(options.history);
  LbfgsbResult result;
  result.x.assign(start.begin(), start.end());
  for (std::size_t i = 0; i < n; ++i) result.x[i] = box.clamp(result.x[i], i);
  std::vector<double> g(n);
  result.value = function(result.x, g);
  result.evaluations = 1;
  std::vector<double> trial(n);
  std::vector<double> trial_g(n);
  while (true) {
    result.projected_gradient = projected_gradient(result.x, g, box);
    if (!std::isfinite(result.value)) {
      result.exit = "not finite";
      return result;
    }
    if (result.projected_gradient <= options.gradient_tolerance) {
      result.exit = "projected gradient";
      return result;
    }
    if (result.iterations == options.max_iterations) {
      result.exit = "iterations";
      return result;
    }
    const auto cauchy = cauchy_point(result.x, g, box, model);
    const auto target = subspace_minimum(result.x, g, box, model, cauchy);
    std::vector<double> direction(n);
    for (std::size_t i = 0; i < n; ++i) direction[i] = target[i] - result.x[i];
    const LinePoint here{0.0, result.value, dot(g, direction)};
    bool found = false;
    double value = 0.0;
    if (here.slope < 0.0) {
      const auto along = [&](double step) {
        for (std::size_t i = 0; i < n; ++i) {
          trial[i] = step == 1.0 ? target[i] : box.clamp(result.x[i] + step * direction[i], i);
        }
        LinePoint point{step, function(trial, trial_g), 0.0};
        point.slope = dot(trial_g, direction);
        return point;
      };
      WolfeOptions search;
      search.max_evaluations = options.max_line_search;
      const double longest = result.iterations == 0 ? 1.0 : longest_step(result.x, direction, box);
      const auto line = wolfe_search(along, here, 1.0, longest, search);
      result.evaluations += line.evaluations;
      found = line.decreased && line.best.value < result.value;
      value = line.best.value;
    }
    if (!found) {
      if (model.width() >
          0) {  // start again from steepest descent, as the reference implementation does
        model.clear();
        continue;
      }
      result.exit = "line search";
      return result;
    }
    std::vector<double> s(n);
    std::vector<double> y(n);
    for (std::size_t i = 0; i < n; ++i) {
      s[i] = trial[i] - result.x[i];
      y[i] = trial_g[i] - g[i];
    }
    model.update(std::move(s), std::move(y));
    result.x.swap(trial);
    g.swap(trial_g);
    result.value = value;
    ++result.iterations;
  }
}

}  // namespace thalweg
