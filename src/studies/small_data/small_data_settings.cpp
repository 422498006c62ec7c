#include "studies/small_data/small_data_settings.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "data/data_settings.hpp"
#include "runs/run_settings.hpp"
#include "settings/plain_name.hpp"

namespace thalweg {

SmallDataSpec small_data_plan(const Settings& settings, const StudyHeader& header) {
  if (header.team_size != 0) {
    settings.table("study").fail("team_size", "a kernel study always uses all ranks; leave it out");
  }
  SmallDataSpec plan;
  plan.data = data_options(settings.table("data"), static_cast<std::uint64_t>(header.seed));
  if (plan.data.placement == Placement::sharded) {
    settings.table("data").fail("placement",
                                R"(kernels need "node": every rank reads all samples)");
  }
  const Settings table = settings.table("small_data");
  plan.sizes = table.integers("sizes", {10, 20, 40, 80, 160, 320, 640});
  if (plan.sizes.empty() || !std::is_sorted(plan.sizes.begin(), plan.sizes.end()) ||
      plan.sizes.front() < 2) {
    table.fail("sizes", "expected numbers of training samples, at least 2, in ascending order");
  }
  plan.draws = table.integer_at_least("draws", 1, plan.draws);
  plan.ridges = table.numbers("ridges", {1e-8, 1e-6, 1e-4, 1e-3, 1e-2, 1e-1, 1.0});
  if (plan.ridges.empty() || *std::min_element(plan.ridges.begin(), plan.ridges.end()) < 0.0) {
    table.fail("ridges", "expected numbers of at least 0, relative to the mean of K's diagonal");
  }
  if (plan.data.train > 0) require_pool(plan, plan.data.train);
  const auto runs = settings.tables("run");
  const auto add = [&](const std::string& name, const Settings& study) {
    plan.kernels.push_back({name, kernel_settings(study, plan.data.train)});
  };
  if (runs.empty()) add("kernel", settings);
  for (const Settings& run : runs) {
    const std::string name = run.string("name", "");
    if (!is_plain_name(name)) {
      run.fail("name",
               fmt::format(R"(found "{}", expected a plain name: it names a folder)", name));
    }
    for (const NamedKernel& other : plan.kernels) {
      if (other.name == name) run.fail("name", fmt::format("two runs are called '{}'", name));
    }
    add(name, settings.with(run));
  }
  return plan;
}

void require_pool(const SmallDataSpec& plan, std::int64_t pool) {
  if (plan.sizes.back() <= pool) return;
  throw ConfigurationError(fmt::format("[small_data] sizes: {} training samples from a pool of {}",
                                       plan.sizes.back(), pool));
}

}  // namespace thalweg
