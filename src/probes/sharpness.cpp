#include "probes/sharpness.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <memory>
#include <string>

#include "base/error.hpp"
#include "probes/box_climbs.hpp"
#include "probes/probe_kind.hpp"

namespace thalweg {

namespace {

/// f(x + Az) and its gradient in z, the same on every rank.
class Neighbourhood {
 public:
  Neighbourhood(Objective<double>& objective, std::span<const double> x, Subset subset,
                const RandomSubspace* plane)
      : objective_(&objective),
        x_(x),
        subset_(subset),
        plane_(plane),
        point_(x.begin(), x.end()),
        slice_(static_cast<std::size_t>(objective.space().slice().size())) {}

  double operator()(std::span<const double> z, std::span<double> gradient) {
    const VectorSpace& space = objective_->space();
    if (plane_ == nullptr) {
      for (std::size_t i = 0; i < z.size(); ++i) point_[i] = x_[i] + z[i];
    } else {
      plane_->lift(z, slice_);
      const auto x_slice = space.slice_of(x_);
      for (std::size_t i = 0; i < slice_.size(); ++i) slice_[i] += x_slice[i];
      space.gather(std::span<const double>(slice_), std::span(point_));
    }
    const double value = objective_->gradient(point_, subset_, slice_);
    if (plane_ == nullptr) {
      space.gather(std::span<const double>(slice_), gradient);
    } else {
      const auto projected = plane_->transposed(slice_);
      std::copy(projected.begin(), projected.end(), gradient.begin());
    }
    return value;
  }

 private:
  Objective<double>* objective_;
  std::span<const double> x_;
  Subset subset_;
  const RandomSubspace* plane_;
  std::vector<double> point_;
  std::vector<double> slice_;
};

}  // namespace

void Sharpness::check(const std::vector<ParameterBlock>& blocks, std::int64_t /*samples*/) const {
  const std::int64_t dimension = parameter_count(blocks);
  if (options_.subspace < dimension) return;
  throw ConfigurationError(
      fmt::format("sharpness: subspace is {}, but the network has {} parameters; expected fewer",
                  options_.subspace, dimension));
}

Measurement Sharpness::measure(Objective<double>& objective, std::span<const double> x,
                               Subset subset) {
  const VectorSpace& space = objective.space();
  std::unique_ptr<RandomSubspace> plane;
  std::vector<double> centre(x.begin(), x.end());  // A⁺x
  if (options_.subspace > 0) {
    plane =
        std::make_unique<RandomSubspace>(space, options_.subspace, options_.seed, options_.columns);
    centre = plane->pseudo_inverse(space.slice_of(x));
  }
  std::vector<double> upper(centre.size());
  std::vector<double> lower(centre.size());
  for (std::size_t i = 0; i < centre.size(); ++i) {
    upper[i] = options_.epsilon * (std::abs(centre[i]) + 1.0);
    lower[i] = -upper[i];
  }

  const double here = objective.value(x, subset);
  Neighbourhood neighbourhood(objective, x, subset, plane.get());
  const BoxFunction function = [&](std::span<const double> z, std::span<double> g) {
    return neighbourhood(z, g);
  };
  // 1 + f makes a measure of losses, which are not negative; below 0 it would have a pole.
  const auto phi = [here](double rise) {
    return here < 0.0 ? std::nan("") : 100.0 * rise / (1.0 + here);
  };
  const auto climbs = climb_box(function, lower, upper, options_.starts, options_.seed, here);
  const auto published =
      published_maximum(function, lower, upper, options_.iterations, options_.seed, here);
  const double highest = std::max(climbs.highest(climbs.values.size(), here), published.value);
  std::vector<double> values;
  std::vector<double> gaps;
  for (std::size_t i = 0; i < climbs.values.size(); ++i) {
    values.push_back(phi(climbs.values[i] - here));
    gaps.push_back(phi(climbs.gaps[i]));
  }
  double mean = 0.0;
  for (const double value : values) mean += value;
  mean /= static_cast<double>(values.size());
  double spread = 0.0;
  for (const double value : values) spread += (value - mean) * (value - mean);
  spread = values.size() > 1 ? std::sqrt(spread / static_cast<double>(values.size() - 1)) : 0.0;

  Measurement found;
  found.scalars = {
      {"sharpness", phi(highest - here), "percent",
       "Keskar sharpness, best over all climbs (a lower bound)"},
      {"sharpness_mean", mean, "percent", "mean over climbs"},
      {"sharpness_spread", spread, "percent", "standard deviation over climbs"},
      {"converged", climbs.converged(here) ? 1.0 : 0.0, "1",
       "1 if the best climb ended at a first-order maximum and the second half of the climbs "
       "brought less than 1 %"},
      {"published_sharpness", phi(published.value - here), "percent",
       "what iterations of L-BFGS-B reach from the origin and from a corner, as published"},
      {"published_evaluations", published.evaluations, "1",
       "evaluations of f and its gradient by the published procedure"},
      {"value_at_point", here, "1", "f(x)"},
  };
  found.details = {
      {"start_kind", climbs.kinds, "start", "1", "where the climb began"},
      {"start_value", climbs.start_values, "start", "1", "f at the start"},
      {"start_sharpness", values, "start", "percent", "sharpness found from the start"},
      {"start_exit", climbs.exits, "start", "1", "why the climb ended"},
      {"start_iterations", climbs.iterations, "start", "1", "steps of the climb"},
      {"start_evaluations", climbs.evaluations, "start", "1", "evaluations of f and its gradient"},
      {"start_gap", gaps, "start", "percent",
       "what the linear model at the end still promises (Frank-Wolfe gap), as sharpness"},
  };
  return found;
}

ProbeKind sharpness_kind() {
  const SharpnessOptions usual;
  return {
      {{"sharpness",
        "largest relative rise of the loss in a small box (Keskar et al. 2017); a lower "
        "bound, with starts, exits and whether more climbs brought more; some five "
        "gradients a start",
        {{"epsilon", usual.epsilon, {.above = 0.0}, "ε, the box's size beside |w_i| + 1"},
         {"subspace", usual.subspace, {.least = 0.0}, "dimension of a random one; 0: everything"},
         {"columns",
          std::string("orthonormal"),
          {.words = {"orthonormal", "gaussian"}},
          "of the matrix that spans it",
          KeyCondition{"subspace"}},
         {"starts", usual.starts, {.least = 1.0}, "climbs"},
         {"iterations",
          usual.iterations,
          {.least = 1.0},
          "of L-BFGS-B in the published procedure"}}},
       [](const Values& values, std::uint64_t seed) {
         SharpnessOptions options;
         options.epsilon = values.number("epsilon");
         options.subspace = values.integer("subspace");
         if (values.string("columns") == "gaussian") options.columns = SubspaceColumns::gaussian;
         options.starts = values.integer("starts");
         options.iterations = values.integer("iterations");
         options.seed = seed;
         return std::make_unique<Sharpness>(options);
       }}};
}

}  // namespace thalweg
