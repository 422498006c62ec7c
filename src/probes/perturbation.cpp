#include "probes/perturbation.hpp"

#include <algorithm>
#include <cmath>

#include "probes/estimate.hpp"
#include "probes/gaussian_cloud.hpp"
#include "probes/probe_kind.hpp"

namespace thalweg {

namespace {

using Numbers = std::span<const double>;

struct Ascent {
  double here = 0.0;           // L(w)
  double gradient_norm = 0.0;  // of the scaled gradient where adaptive
  std::vector<double> rises;   // after each step
};

/// Normalised ascent in η = ε/s within ‖η‖ ≤ ρ, s_i = 1 or |w_i|.
Ascent climb(Objective<double>& objective, Numbers x, Subset subset,
             const PerturbationOptions& options) {
  constexpr double tiny = 1e-12;
  const VectorSpace& space = objective.space();
  const auto centre = space.slice_of(x);
  const auto size = [&](std::size_t i) { return options.adaptive ? std::abs(centre[i]) : 1.0; };
  std::vector<double> point(x.begin(), x.end());
  const auto mine = space.slice_of(std::span(point));
  std::vector<double> eta(mine.size(), 0.0);
  std::vector<double> gradient(mine.size());
  Ascent ascent;
  ascent.here = objective.gradient(point, subset, gradient);
  for (std::int64_t step = 0; step < options.steps; ++step) {
    for (std::size_t i = 0; i < gradient.size(); ++i) gradient[i] *= size(i);
    const double norm = space.norm(Numbers(gradient));
    if (step == 0) ascent.gradient_norm = norm;
    const double factor = options.radius / (norm + tiny);
    for (std::size_t i = 0; i < eta.size(); ++i) eta[i] += factor * gradient[i];
    const double length = space.norm(Numbers(eta));
    const double back = length > options.radius ? options.radius / length : 1.0;
    for (std::size_t i = 0; i < eta.size(); ++i) {
      eta[i] *= back;
      mine[i] = centre[i] + size(i) * eta[i];
    }
    space.gather_in_place(std::span(point));
    const bool is_last = step + 1 == options.steps;
    const double value =
        is_last ? objective.value(point, subset) : objective.gradient(point, subset, gradient);
    ascent.rises.push_back(value - ascent.here);
  }
  return ascent;
}

}  // namespace

Measurement Perturbation::measure(Objective<double>& objective, std::span<const double> x,
                                  Subset subset) {
  const auto ascent = climb(objective, x, subset, options_);
  const double worst = *std::max_element(ascent.rises.begin(), ascent.rises.end());
  Measurement found;
  found.scalars = {
      {"worst_rise", std::max(0.0, worst), "1",
       "highest rise of the loss found in the ball (a lower bound of the maximum)"},
      {"sam_rise", ascent.rises.front(), "1", "rise of the loss after one step, SAM's"},
      {"gradient_norm", ascent.gradient_norm, "1",
       "norm of the gradient, each element times |w| where adaptive"},
      {"value_at_point", ascent.here, "1", "f(x)"},
  };
  found.details = {{"step_rise", ascent.rises, "ascent_step", "1", "rise after each step"}};
  if (options_.draws == 0) return found;

  GaussianCloud cloud(objective.space(), x, options_.adaptive, options_.seed,
                      Purpose::perturbation);
  std::vector<double> pairs;
  for (std::int64_t k = 0; k < options_.draws; ++k) {
    const double up = objective.value(cloud.point(k, options_.sigma), subset);
    const double down = objective.value(cloud.point(k, -options_.sigma), subset);
    pairs.push_back(0.5 * (up + down) - ascent.here);
  }
  const Estimate average = mean_of(pairs);
  found.scalars.push_back(
      {"average_rise", average.value, "1", "mean rise of the loss under Gaussian perturbations"});
  found.scalars.push_back({"average_rise_error", average.error, "1", "its standard error"});
  return found;
}

ProbeKind perturbation_kind() {
  const PerturbationOptions usual;
  return {{{"perturbation",
            "rise of the loss at SAM's point or after more ascent in the ball (Foret et al. "
            "2021; Kwon et al. 2021), and on average over Gaussians; a lower bound and a "
            "standard error; steps gradients, 2 draws + 1 values",
            {{"radius", usual.radius, {.above = 0.0}, "ρ of the ball"},
             {"steps", usual.steps, {.least = 1.0}, "of ascent; 1: SAM's point"},
             {"adaptive", usual.adaptive, {}, "whether ball and Gaussian are scaled by |w_i|"},
             {"draws", usual.draws, {.least = 0.0}, "pairs ±ξ of Gaussians; 0: no average"},
             {"sigma",
              usual.sigma,
              {.above = 0.0},
              "deviation of the Gaussians",
              KeyCondition{"draws"}}}},
           [](const Values& values, std::uint64_t seed) {
             PerturbationOptions options;
             options.radius = values.number("radius");
             options.steps = values.integer("steps");
             options.adaptive = values.boolean("adaptive");
             options.draws = values.integer("draws");
             options.sigma = values.number("sigma");
             options.seed = seed;
             return std::make_unique<Perturbation>(options);
           }},
          [](const Values& values, const Settings& table) { refuse_one(values, table, "draws"); },
          [](const Values& values) { return values.integer("draws") > 0; }};
}

}  // namespace thalweg
