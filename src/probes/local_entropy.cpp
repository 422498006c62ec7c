#include "probes/local_entropy.hpp"

#include <algorithm>
#include <cmath>

#include "probes/estimate.hpp"
#include "probes/gaussian_cloud.hpp"
#include "probes/probe_kind.hpp"

namespace thalweg {

Measurement LocalEntropy::measure(Objective<double>& objective, std::span<const double> x,
                                  Subset subset) {
  const double here = objective.value(x, subset);
  const double sigma = 1.0 / std::sqrt(options_.gamma);
  GaussianCloud cloud(objective.space(), x, false, options_.seed, Purpose::local_entropy);
  std::vector<double> exponents;
  for (std::int64_t k = 0; k < options_.draws; ++k) {
    const double rise = objective.value(cloud.point(k, sigma), subset) - here;
    exponents.push_back(-rise / options_.temperature);
  }
  const double top = *std::max_element(exponents.begin(), exponents.end());
  std::vector<double> weights;
  double sum = 0.0;
  double squares = 0.0;
  for (const double exponent : exponents) {
    weights.push_back(std::exp(exponent - top));
    sum += weights.back();
    squares += weights.back() * weights.back();
  }
  const Estimate weight = mean_of(weights);
  const Estimate bound = mean_of(exponents);
  Measurement found;
  found.scalars = {
      {"local_entropy", top + std::log(weight.value), "1",
       "ln E exp(-(f(x + xi) - f(x))/T) over the Gaussian neighbourhood"},
      {"local_entropy_error", weight.error / weight.value, "1", "its standard error"},
      {"effective_draws", sum * sum / squares, "1",
       "draws that carry the mean; few: the error is no guide"},
      {"lower_bound", bound.value, "1", "-E(f(x + xi) - f(x))/T, which is below it"},
      {"lower_bound_error", bound.error, "1", "its standard error"},
      {"value_at_point", here, "1", "f(x)"},
  };
  return found;
}

ProbeKind local_entropy_kind() {
  const LocalEntropyOptions usual;
  return {{{"local_entropy",
            "ln E exp(−Δf/T) over a Gaussian neighbourhood (Chaudhari et al. 2017); "
            "standard error and effective draws; draws + 1 values",
            {{"gamma", usual.gamma, {.above = 0.0}, "γ, inverse variance of the neighbourhood"},
             {"temperature",
              usual.temperature,
              {.above = 0.0},
              "what the loss is divided by; 1/N: the posterior of N samples"},
             {"draws", usual.draws, {.least = 2.0}, "of the neighbourhood"}}},
           [](const Values& values, std::uint64_t seed) {
             LocalEntropyOptions options;
             options.gamma = values.number("gamma");
             options.temperature = values.number("temperature");
             options.draws = values.integer("draws");
             options.seed = seed;
             return std::make_unique<LocalEntropy>(options);
           }}};
}

}  // namespace thalweg
