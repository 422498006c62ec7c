#include "landscape/slice_settings.hpp"

#include <fmt/format.h>

#include "runs/run_choice.hpp"
#include "runs/run_settings.hpp"

namespace thalweg {

std::vector<SliceSpec> read_slice_specs(const Settings& settings,
                                        const std::vector<RunSpec>& runs) {
  std::vector<SliceSpec> plans;
  ChosenNames names;
  for (const auto& table : settings.tables("slice")) {
    SliceSpec slice;
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
