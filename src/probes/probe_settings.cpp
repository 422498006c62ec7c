#include "probes/probe_settings.hpp"

#include <fmt/format.h>

#include <set>
#include <utility>

#include "probes/critical_point.hpp"
#include "probes/curvature_probe.hpp"
#include "probes/edge_of_stability.hpp"
#include "probes/hessian_extremes.hpp"
#include "probes/hessian_trace.hpp"
#include "probes/kernel_drift.hpp"
#include "probes/local_entropy.hpp"
#include "probes/noise_scale.hpp"
#include "probes/norms.hpp"
#include "probes/pac_bayes.hpp"
#include "probes/perturbation.hpp"
#include "probes/sharpness.hpp"
#include "probes/spectral_density.hpp"
#include "probes/top_eigenpairs.hpp"
#include "settings/plain_name.hpp"

namespace thalweg {

namespace {

LanczosOptions read_lanczos(const Settings& table, std::uint64_t seed) {
  LanczosOptions options;
  options.max_iterations = table.integer_at_least("iterations", 1, options.max_iterations);
  options.tolerance = table.positive("tolerance", options.tolerance);
  options.seed = seed;
  return options;
}

std::shared_ptr<Probe> read_sharpness(const Settings& table, std::uint64_t seed) {
  SharpnessOptions options;
  options.epsilon = table.positive("epsilon", options.epsilon);
  options.subspace = table.integer_at_least("subspace", 0, 0);
  if (options.subspace > 0 &&
      table.choice("columns", {"orthonormal", "gaussian"}, "orthonormal") == "gaussian") {
    options.columns = SubspaceColumns::gaussian;
  }
  options.starts = table.integer_at_least("starts", 1, options.starts);
  options.iterations = table.integer_at_least("iterations", 1, options.iterations);
  options.seed = seed;
  return std::make_shared<Sharpness>(options);
}

/// 0, or at least 2: one value has no standard error.
std::int64_t none_or_several(const Settings& table, const std::string& key,
                             std::int64_t fallback = 0) {
  const std::int64_t count = table.integer_at_least(key, 0, fallback);
  if (count == 1) table.fail(key, "found 1, expected 0 (none) or at least 2, for a standard error");
  return count;
}

std::shared_ptr<Probe> read_noise_scale(const Settings& table, std::uint64_t seed) {
  NoiseScaleOptions options;
  options.seed = seed;
  options.curvature_samples = none_or_several(table, "curvature_samples");
  options.draws = none_or_several(table, "draws");
  if (options.draws > 0) {
    options.small = table.integer_at_least("small", 1, options.small);
    options.large = table.integer_at_least("large", 2, options.large);
    options.replacement = table.boolean("replacement", options.replacement);
    if (options.small >= options.large) {
      table.fail("small", fmt::format("found {}, expected a batch below large, which is {}",
                                      options.small, options.large));
    }
  } else {
    for (const char* key : {"small", "large", "replacement"}) {
      if (table.has(key)) table.fail(key, "is about batches drawn, but draws is 0");
    }
  }
  return std::make_shared<NoiseScale>(options);
}

std::shared_ptr<Probe> read_perturbation(const Settings& table, std::uint64_t seed) {
  PerturbationOptions options;
  options.radius = table.positive("radius", options.radius);
  options.steps = table.integer_at_least("steps", 1, options.steps);
  options.adaptive = table.boolean("adaptive", options.adaptive);
  options.draws = none_or_several(table, "draws", options.draws);
  if (options.draws > 0) {
    options.sigma = table.positive("sigma", options.sigma);
  } else if (table.has("sigma")) {
    table.fail("sigma", "is about Gaussian draws, but draws is 0");
  }
  options.seed = seed;
  return std::make_shared<Perturbation>(options);
}

std::shared_ptr<Probe> read_pac_bayes(const Settings& table, std::uint64_t seed) {
  PacBayesOptions options;
  options.drop = table.positive("drop", options.drop);
  if (options.drop >= 1.0) {
    table.fail("drop",
               fmt::format("found {}, expected a share of the samples below 1", options.drop));
  }
  options.largest = table.positive("largest", options.largest);
  options.tolerance = table.positive("tolerance", options.tolerance);
  options.draws = table.integer_at_least("draws", 2, options.draws);
  options.adaptive = table.boolean("adaptive", options.adaptive);
  options.seed = seed;
  return std::make_shared<PacBayes>(options);
}

std::shared_ptr<Probe> read_local_entropy(const Settings& table, std::uint64_t seed) {
  LocalEntropyOptions options;
  options.gamma = table.positive("gamma", options.gamma);
  options.temperature = table.positive("temperature", options.temperature);
  options.draws = table.integer_at_least("draws", 2, options.draws);
  options.seed = seed;
  return std::make_shared<LocalEntropy>(options);
}

std::unique_ptr<Probe> read_trace(const Settings& table, std::uint64_t seed) {
  TraceOptions options;
  std::int64_t least = 2;
  if (table.choice("method", {"hutchinson", "hutch++"}, "hutchinson") == "hutch++") {
    options.method = TraceMethod::hutch_plus_plus;
    least = 6;  // two a third, for a standard error
  }
  options.vectors = table.integer_at_least("vectors", least, options.vectors);
  options.seed = seed;
  return std::make_unique<HessianTrace>(options);
}

std::unique_ptr<Probe> read_eigenpairs(const Settings& table, std::uint64_t seed) {
  LanczosOptions options = read_lanczos(table, seed);
  options.largest = table.integer_at_least("largest", 1, 10);
  options.smallest = table.integer_at_least("smallest", 0, 0);
  return std::make_unique<TopEigenpairs>(options);
}

std::unique_ptr<Probe> read_spectral_density(const Settings& table, std::uint64_t seed) {
  SpectralDensityOptions options;
  options.vectors = table.integer_at_least("vectors", 2, options.vectors);
  options.iterations = table.integer_at_least("iterations", 1, options.iterations);
  options.points = table.integer_at_least("points", 101, options.points);
  options.seed = seed;
  return std::make_unique<SpectralDensity>(options);
}

/// Which matrix, and which block of it, a probe of curvature is about.
std::shared_ptr<Probe> read_curvature(std::unique_ptr<Probe> probe, const Settings& table,
                                      ProbeSubject subject) {
  std::vector<std::string> matrices{"hessian"};
  if (subject == ProbeSubject::network) {
    matrices.insert(matrices.end(), {"gauss_newton", "empirical_fisher"});
  }
  const auto name = table.choice("matrix", matrices, "hessian");
  auto matrix = CurvatureMatrix::hessian;
  if (name == "gauss_newton") matrix = CurvatureMatrix::gauss_newton;
  if (name == "empirical_fisher") matrix = CurvatureMatrix::empirical_fisher;
  return std::make_shared<CurvatureProbe>(std::move(probe), matrix, table.string("block", ""));
}

/// Does a probe of this table draw anything? Without `same_draws` asked for.
bool draws(const std::string& type, const Settings& table) {
  if (type == "norms" || type == "kernel_drift") return false;
  if (type == "perturbation") return table.integer("draws", PerturbationOptions().draws) > 0;
  if (type != "noise_scale") return true;
  return table.integer("draws", 0) > 0 || table.integer("curvature_samples", 0) > 0;
}

std::shared_ptr<Probe> read_probe(const std::string& type, const Settings& table,
                                  std::uint64_t seed, ProbeSubject subject) {
  if (type == "sharpness") return read_sharpness(table, seed);
  if (type == "kernel_drift") return std::make_shared<KernelDrift>();
  if (type == "noise_scale") return read_noise_scale(table, seed);
  if (type == "perturbation") return read_perturbation(table, seed);
  if (type == "pac_bayes") return read_pac_bayes(table, seed);
  if (type == "local_entropy") return read_local_entropy(table, seed);
  if (type == "critical_point") {
    return std::make_shared<CriticalPoint>(read_lanczos(table, seed));
  }
  if (type == "eigenpairs") return read_curvature(read_eigenpairs(table, seed), table, subject);
  if (type == "trace") return read_curvature(read_trace(table, seed), table, subject);
  if (type == "spectral_density") {
    return read_curvature(read_spectral_density(table, seed), table, subject);
  }
  if (type == "norms") return std::make_shared<Norms>();
  if (type == "edge_of_stability") {
    return std::make_shared<EdgeOfStability>(read_lanczos(table, seed));
  }
  return read_curvature(std::make_unique<HessianExtremes>(read_lanczos(table, seed)), table,
                        subject);
}

}  // namespace

NamedProbe read_named_probe(const Settings& table, DrawSeeds seeds, ProbeSubject subject,
                            std::set<std::string>& names) {
  std::vector<std::string> types{
      "hessian_extremes", "sharpness",  "edge_of_stability", "norms",         "trace",
      "spectral_density", "eigenpairs", "perturbation",      "local_entropy", "critical_point"};
  if (subject == ProbeSubject::network) {
    types.insert(types.end(), {"kernel_drift", "noise_scale", "pac_bayes"});
  }
  NamedProbe named;
  named.type = table.choice("type", types, "hessian_extremes");
  named.name = table.string("name", named.type);
  if (!names.insert(named.name).second) {
    table.fail("name", fmt::format("two probes are called '{}'", named.name));
  }
  if (!is_plain_name(named.name)) {
    table.fail("name",
               fmt::format("found \"{}\", expected at most 100 letters, digits, '_', '-' and '.'",
                           named.name));
  }
  if (draws(named.type, table)) {
    named.draw_seed = table.boolean("same_draws", false) ? seeds.study : seeds.run;
  }
  named.probe = read_probe(named.type, table, named.draw_seed.value_or(0), subject);
  return named;
}

}  // namespace thalweg
