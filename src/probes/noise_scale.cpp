#include "probes/noise_scale.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include "base/error.hpp"
#include "base/ordered_sum.hpp"
#include "base/philox.hpp"
#include "objectives/composed/product_precision.hpp"
#include "objectives/network/sample_gradients.hpp"
#include "probes/estimate.hpp"
#include "probes/probe_kind.hpp"
#include "probes/two_batch.hpp"

namespace thalweg {

namespace {

using Numbers = std::span<const double>;

/// `count` of the samples, without replacement (the head of a Fisher-Yates shuffle) or with.
std::vector<std::int64_t> draw(std::vector<std::int64_t> samples, std::int64_t count,
                               bool replacement, Stream& stream) {
  std::vector<std::int64_t> drawn;
  for (std::int64_t k = 0; k < count; ++k) {
    const auto first = static_cast<std::size_t>(replacement ? 0 : k);
    const std::size_t pick = first + stream.below(samples.size() - first);
    drawn.push_back(samples[pick]);
    if (!replacement) std::swap(samples[first], samples[pick]);
  }
  return drawn;
}

/// One point of an objective and the subset that its gradients and Hessian are the means over.
struct Place {
  Objective<double>& objective;
  Numbers x;
  std::vector<std::int64_t> samples;

  [[nodiscard]] std::vector<double> gradient(Subset subset) const {
    std::vector<double> slice(static_cast<std::size_t>(objective.space().slice().size()));
    objective.gradient(x, subset, slice);
    return slice;
  }
  /// What rounding leaves of a sum whose terms cancel, relative to them.
  [[nodiscard]] double rounding() const {
    constexpr double roundoffs = 64.0;
    return roundoffs * unit_roundoff_of(objective);
  }
  /// Hv, as v a slice.
  [[nodiscard]] std::vector<double> product(Numbers v_slice) const {
    std::vector<double> v(x.size());
    std::vector<double> slice(v_slice.size());
    objective.space().gather(v_slice, std::span(v));
    objective.hessian_vector(x, v, samples, slice);
    return slice;
  }
  /// vᵀHv of a slice of v.
  [[nodiscard]] double curvature(Numbers v_slice) const {
    return objective.space().dot(v_slice, Numbers(product(v_slice)));
  }
};

constexpr double kNone = std::numeric_limits<double>::quiet_NaN();

/// `resolved`: is the mean gradient more than rounding?
void measure_curvature(const Place& place, const std::vector<double>& mean_gradient, bool resolved,
                       const NoiseScaleOptions& options, Measurement& found) {
  Stream stream(options.seed, Purpose::noise_curvature, 0);
  const auto drawn = draw(place.samples, options.curvature_samples, false, stream);
  std::vector<double> curvatures;
  std::vector<std::vector<double>> gaps;
  // Some gradients, then their products: an objective may keep what products at one point share.
  constexpr std::size_t at_once = 16;
  for (std::size_t begin = 0; begin < drawn.size(); begin += at_once) {
    gaps.clear();
    for (std::size_t k = begin; k < std::min(begin + at_once, drawn.size()); ++k) {
      gaps.push_back(place.gradient(Subset(drawn).subspan(k, 1)));
      for (std::size_t i = 0; i < mean_gradient.size(); ++i) gaps.back()[i] -= mean_gradient[i];
    }
    for (const auto& gap : gaps) curvatures.push_back(place.curvature(gap));
  }
  const VectorSpace& space = place.objective.space();
  const auto turned = place.product(mean_gradient);
  const double along_gradient = space.dot(Numbers(mean_gradient), Numbers(turned));
  const double terms = space.norm(Numbers(mean_gradient)) * space.norm(Numbers(turned));
  const bool has_scale = resolved && along_gradient > place.rounding() * terms;
  auto noise = mean_of(curvatures);
  const auto n = static_cast<double>(place.samples.size());
  noise.error *= std::sqrt(1.0 - static_cast<double>(drawn.size()) / n);
  const auto put = [&](const char* name, double value, const char* long_name) {
    found.scalars.push_back({name, value, "1", long_name});
  };
  put("noise_curvature", noise.value, "tr(H Sigma) of the samples drawn");
  put("noise_curvature_error", noise.error, "standard error of tr(H Sigma); 0 if all were drawn");
  put("gradient_curvature", along_gradient, "G^T H G");
  found.scalars.push_back({"noise_scale", has_scale ? noise.value / along_gradient : kNone,
                           "sample",
                           "B_noise = tr(H Sigma)/G^T H G; none where G^T H G is not above 0"});
  found.scalars.push_back({"noise_scale_error", has_scale ? noise.error / along_gradient : kNone,
                           "sample", "standard error of B_noise"});
  put("products", static_cast<double>(drawn.size() + 1), "Hessian-vector products used");
}

/// `squares`: mean of the samples' squared gradient norms.
void measure_batches(const Place& place, double squares, const NoiseScaleOptions& options,
                     Measurement& found) {
  const auto n = static_cast<std::int64_t>(place.samples.size());
  const VectorSpace& space = place.objective.space();
  const double small_share = noise_share(options.small, n, options.replacement);
  const double large_share = noise_share(options.large, n, options.replacement);
  std::vector<double> small_squares;
  std::vector<double> large_squares;
  std::vector<double> norms;
  std::vector<double> traces;
  for (std::int64_t k = 0; k < options.draws; ++k) {
    const auto squared = [&](std::int64_t batch, std::int64_t which) {
      Stream stream(options.seed, Purpose::noise_batch, static_cast<std::uint64_t>(2 * k + which));
      const auto g = place.gradient(draw(place.samples, batch, options.replacement, stream));
      return space.dot(Numbers(g), Numbers(g));
    };
    small_squares.push_back(squared(options.small, 0));
    large_squares.push_back(squared(options.large, 1));
    const auto moments =
        two_batch_moments(small_squares.back(), large_squares.back(), small_share, large_share);
    norms.push_back(moments.gradient_norm_squared);
    traces.push_back(moments.trace);
  }
  const auto put = [&](const std::string& name, Estimate estimate, const char* units,
                       const std::string& long_name) {
    found.scalars.push_back({name, estimate.value, units, long_name});
    found.scalars.push_back(
        {name + "_error", estimate.error, units, "standard error of " + long_name});
  };
  put("two_batch_gradient_norm_squared", mean_of(norms), "1", "|G|^2 by batches of two sizes");
  put("two_batch_noise_trace", mean_of(traces), "1", "tr Sigma by batches of two sizes");
  constexpr double confidence = 0.95;
  const double rounding = place.rounding() * place.rounding() * squares;
  const auto interval = ratio_interval(traces, norms, confidence, rounding);
  const bool resolved = std::isfinite(interval.high);
  put("two_batch_noise_scale_simple", resolved ? ratio_of(traces, norms) : Estimate{kNone, kNone},
      "sample", "B_simple by batches of two sizes; none where their |G|^2 is not told from 0");
  found.scalars.push_back({"two_batch_noise_scale_simple_low", interval.low, "sample",
                           "B_simple is above this, by Fieller's interval of 95 %"});
  found.scalars.push_back({"two_batch_noise_scale_simple_high", interval.high, "sample",
                           "and below this; none where |G|^2 is not told from 0"});
  found.details.push_back({"small_norm_squared", small_squares, "draw", "1",
                           "squared norm of a small batch's gradient"});
  found.details.push_back({"large_norm_squared", large_squares, "draw", "1",
                           "squared norm of a large batch's gradient"});
}

}  // namespace

void NoiseScale::check(const std::vector<ParameterBlock>& /*blocks*/, std::int64_t samples) const {
  const auto refuse = [](const char* key, std::int64_t value, std::int64_t limit) {
    throw ConfigurationError(fmt::format(
        "noise_scale: {} is {}, but it is measured on {} samples; expected at most that", key,
        value, limit));
  };
  if (samples < 2) {
    throw ConfigurationError(
        fmt::format("noise_scale: needs a sum over at least 2 samples, found {}", samples));
  }
  if (options_.curvature_samples > samples) {
    refuse("curvature_samples", options_.curvature_samples, samples);
  }
  if (options_.draws > 0 && !options_.replacement && options_.large > samples) {
    refuse("large", options_.large, samples);
  }
}

void NoiseScale::begin(Objective<double>& objective, std::span<const double> /*start*/,
                       Subset subset) {
  check(parameter_blocks_of(objective),
        static_cast<std::int64_t>(stated_samples(subset, objective.sample_count()).size()));
}

Measurement NoiseScale::measure(Objective<double>& objective, std::span<const double> x,
                                Subset subset) {
  const Place place{objective, x, stated_samples(subset, objective.sample_count())};
  check(parameter_blocks_of(objective), static_cast<std::int64_t>(place.samples.size()));
  const VectorSpace& space = objective.space();
  const auto mean_gradient = place.gradient(place.samples);
  std::vector<double> centre(x.size());
  space.gather(Numbers(mean_gradient), std::span(centre));
  const auto distances =
      squared_gradient_distances(objective, x, Numbers(centre), Subset(place.samples));
  const double squared = space.dot(Numbers(mean_gradient), Numbers(mean_gradient));
  const auto trace = mean_of(distances);
  const double squares = trace.value + squared;
  const bool resolved = squared > place.rounding() * place.rounding() * squares;
  Measurement found;
  found.scalars = {
      {"gradient_norm_squared", squared, "1", "|G|^2, squared norm of the mean gradient"},
      {"noise_trace", trace.value, "1", "tr Sigma of the subset, exact"},
      {"noise_trace_error", trace.error, "1",
       "standard error of tr Sigma if the subset is a sample of a larger set"},
      {"noise_scale_simple", resolved ? trace.value / squared : kNone, "sample",
       "B_simple = tr Sigma/|G|^2; none where G is rounding"},
      {"samples", static_cast<double>(distances.size()), "sample", "samples of the subset"},
  };
  if (options_.curvature_samples > 0)
    measure_curvature(place, mean_gradient, resolved, options_, found);
  if (options_.draws > 0) measure_batches(place, squares, options_, found);
  return found;
}

ProbeKind noise_scale_kind() {
  const NoiseScaleOptions usual;
  ProbeKind kind{
      {{"noise_scale",
        "noise of batch gradients: tr Σ/‖G‖², tr(HΣ)/GᵀHG (McCandlish et al. "
        "2018); exact, or with standard errors; a gradient of every sample, "
        "curvature_samples products",
        {{"curvature_samples",
          usual.curvature_samples,
          {.least = 0.0},
          "whose gradients are followed through the Hessian; 0: no tr(HΣ)"},
         {"draws", usual.draws, {.least = 0.0}, "pairs of a small and a large batch; 0: none"},
         {"small", usual.small, {.least = 1.0}, "size of the one", KeyCondition{"draws"}},
         {"large", usual.large, {.least = 2.0}, "and of the other", KeyCondition{"draws"}},
         {"replacement",
          usual.replacement,
          {},
          "whether a batch may hold a sample twice",
          KeyCondition{"draws"}}}},
       [](const Values& values, std::uint64_t seed) {
         NoiseScaleOptions options;
         options.curvature_samples = values.integer("curvature_samples");
         options.draws = values.integer("draws");
         options.small = values.integer("small");
         options.large = values.integer("large");
         options.replacement = values.boolean("replacement");
         options.seed = seed;
         return std::make_unique<NoiseScale>(options);
       }}};
  kind.check = [](const Values& values, const Settings& table) {
    refuse_one(values, table, "curvature_samples");
    refuse_one(values, table, "draws");
    if (values.integer("small") < values.integer("large")) return;
    table.fail("small", fmt::format("found {}, expected a batch below large, which is {}",
                                    values.integer("small"), values.integer("large")));
  };
  kind.draws = [](const Values& values) {
    return values.integer("draws") > 0 || values.integer("curvature_samples") > 0;
  };
  kind.subject = ProbeSubject::network;
  return kind;
}

}  // namespace thalweg
