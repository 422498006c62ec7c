#include "landscape/audit_settings.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "runs/run_choice.hpp"

namespace thalweg {

std::string name_of(Rescaling rescaling) {
  return rescaling == Rescaling::alpha ? "alpha" : "filter";
}

namespace {

std::vector<double> read_factors(const Settings& table) {
  auto factors = table.numbers("factors", {0.1, 0.3, 1.0, 3.0, 10.0});
  for (const double factor : factors) {
    // Beyond, float32 weights lose the function that the audit is to leave unchanged.
    constexpr double farthest = 1e6;
    if (!(factor >= 1.0 / farthest && factor <= farthest)) {
      table.fail("factors", fmt::format("found {}, expected numbers from {} to {}", factor,
                                        1.0 / farthest, farthest));
    }
  }
  if (std::find(factors.begin(), factors.end(), 1.0) == factors.end()) {
    table.fail("factors", "expected 1 among them: the measures are compared with those at 1");
  }
  std::sort(factors.begin(), factors.end());
  if (std::adjacent_find(factors.begin(), factors.end()) != factors.end()) {
    table.fail("factors", "a number stands there twice");
  }
  return factors;
}

}  // namespace

std::vector<AuditSpec> read_audit_specs(const Settings& settings,
                                        const std::vector<RunSpec>& runs) {
  std::vector<AuditSpec> plans;
  ChosenNames names;
  for (const auto& table : settings.tables("audit")) {
    AuditSpec plan;
    plan.rescaling = table.choice("transformation", {"alpha", "filter"}, "alpha") == "filter"
                         ? Rescaling::filter
                         : Rescaling::alpha;
    plan.layer = table.string("layer", "");
    plan.factors = read_factors(table);
    const auto run = table.string("run", runs.front().group);
    for (const auto& choice : choose_runs(table, "run", {run}, runs)) {
      plan.name = names.take(table, "audit", choice.suffix);
      plan.run = choice.runs.front();
      plans.push_back(plan);
    }
  }
  return plans;
}

}  // namespace thalweg
