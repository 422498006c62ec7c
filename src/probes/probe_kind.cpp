#include "probes/probe_kind.hpp"

namespace thalweg {

// Each in the file of its name.
ProbeKind hessian_extremes_kind();
ProbeKind eigenpairs_kind();
ProbeKind trace_kind();
ProbeKind spectral_density_kind();
ProbeKind critical_point_kind();
ProbeKind sharpness_kind();
ProbeKind perturbation_kind();
ProbeKind pac_bayes_kind();
ProbeKind local_entropy_kind();
ProbeKind kernel_drift_kind();
ProbeKind noise_scale_kind();
ProbeKind edge_of_stability_kind();
ProbeKind norms_kind();

const std::vector<ProbeKind>& probe_kinds() {
  static const std::vector<ProbeKind> kinds{hessian_extremes_kind(),
                                            eigenpairs_kind(),
                                            trace_kind(),
                                            spectral_density_kind(),
                                            critical_point_kind(),
                                            sharpness_kind(),
                                            perturbation_kind(),
                                            pac_bayes_kind(),
                                            local_entropy_kind(),
                                            kernel_drift_kind(),
                                            noise_scale_kind(),
                                            edge_of_stability_kind(),
                                            norms_kind()};
  return kinds;
}

std::vector<Key> lanczos_keys() {
  const LanczosOptions usual;
  return {{"iterations", usual.max_iterations, {.least = 1.0}, "products at most"},
          {"tolerance",
           usual.tolerance,
           {.above = 0.0},
           "of ‖Hv − λv‖ beside the largest |λ|, at which it stops"}};
}

LanczosOptions lanczos_options(const Values& values, std::uint64_t seed) {
  LanczosOptions options;
  options.max_iterations = values.integer("iterations");
  options.tolerance = values.number("tolerance");
  options.seed = seed;
  return options;
}

void refuse_one(const Values& values, const Settings& table, const std::string& key) {
  if (values.integer(key) != 1) return;
  table.fail(key, "found 1, expected 0 (none) or at least 2, for a standard error");
}

}  // namespace thalweg
