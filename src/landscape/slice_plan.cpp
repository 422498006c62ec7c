#include <fmt/format.h>

#include "runs/run_choice.hpp"
#include "runs/run_plan.hpp"

namespace thalweg {

std::vector<SlicePlan> read_slice_plans(const Settings& settings,
                                        const std::vector<RunPlan>& runs) {
  std::vector<SlicePlan> plans;
  ChosenNames names;
  for (const auto& table : settings.tables("slice")) {
    SlicePlan slice;
    const auto between = table.strings("between", {});
    if (between.size() != 2) {
      table.fail("between", fmt::format("found {} names, expected two runs or groups of runs",
                                        between.size()));
    }
    slice.points = table.integer_at_least("points", 2, slice.points);
    slice.low = table.number("low", slice.low);
    slice.high = table.number("high", slice.high);
    if (!(slice.low < slice.high)) table.fail("high", "expected a number above low");
    for (const auto& choice : choose_runs(table, "between", between, runs)) {
      slice.name = names.take(table, "line", choice.suffix);
      slice.from = choice.runs[0];
      slice.to = choice.runs[1];
      plans.push_back(slice);
    }
  }
  return plans;
}

}  // namespace thalweg
