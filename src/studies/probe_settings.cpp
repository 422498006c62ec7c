#include <fmt/format.h>

#include <set>

#include "probes/hessian_extremes.hpp"
#include "probes/kernel_drift.hpp"
#include "probes/sharpness.hpp"
#include "studies/run_plan.hpp"

namespace thalweg {

namespace {

std::shared_ptr<Probe> read_hessian_extremes(const Settings& table, std::uint64_t seed) {
  LanczosOptions options;
  options.max_iterations = table.integer_at_least("iterations", 1, options.max_iterations);
  options.tolerance = table.positive("tolerance", options.tolerance);
  options.seed = seed;
  return std::make_shared<HessianExtremes>(options);
}

std::shared_ptr<Probe> read_sharpness(const Settings& table, std::uint64_t seed) {
  SharpnessOptions options;
  options.epsilon = table.positive("epsilon", options.epsilon);
  options.subspace = table.integer_at_least("subspace", 0, 0);
  options.starts = table.integer_at_least("starts", 1, options.starts);
  options.iterations = table.integer_at_least("iterations", 1, options.iterations);
  options.seed = seed;
  return std::make_shared<Sharpness>(options);
}

}  // namespace

std::vector<ProbePlan> read_probe_plans(const Settings& settings, std::uint64_t study_seed) {
  std::vector<ProbePlan> plans;
  std::set<std::string> names;
  for (const auto& table : settings.tables("probe")) {
    ProbePlan plan;
    const auto type =
        table.choice("type", {"hessian_extremes", "sharpness", "kernel_drift"}, "hessian_extremes");
    plan.name = table.string("name", type);
    if (!names.insert(plan.name).second) {
      table.fail("name", fmt::format("two probes are called '{}'", plan.name));
    }
    if (!is_plain_name(plan.name)) {
      table.fail("name",
                 fmt::format("found \"{}\", expected at most 100 letters, digits, '_', '-' and '.'",
                             plan.name));
    }
    plan.every_epochs = table.integer_at_least("every_epochs", 0, 0);
    plan.every_steps = table.integer_at_least("every_steps", 0, 0);
    // A kernel is samples × samples: never of a whole training set unasked.
    const bool is_kernel = type == "kernel_drift";
    constexpr std::int64_t kernel_samples = 128;
    plan.samples =
        table.integer_at_least("samples", is_kernel ? 1 : 0, is_kernel ? kernel_samples : 0);
    plan.statistics = table.choice("statistics", {"batch", "frozen"}, "batch") == "frozen"
                          ? Statistics::frozen
                          : Statistics::batch;
    if (is_kernel) {
      plan.probe = std::make_shared<KernelDrift>();
    } else {
      plan.probe = type == "sharpness" ? read_sharpness(table, study_seed)
                                       : read_hessian_extremes(table, study_seed);
    }
    plans.push_back(std::move(plan));
  }
  return plans;
}

}  // namespace thalweg
