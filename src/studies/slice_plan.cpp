#include <fmt/format.h>

#include <set>

#include "studies/run_plan.hpp"

namespace thalweg {

std::vector<SlicePlan> read_slice_plans(const Settings& settings,
                                        const std::vector<RunPlan>& runs) {
  std::vector<SlicePlan> plans;
  std::set<std::string> names;
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
    const auto base = table.string("name", "line");
    if (!is_plain_name(base))
      table.fail("name", fmt::format("found \"{}\", expected a plain name", base));
    std::size_t found = 0;
    for (const auto& from : runs) {
      for (const auto& to : runs) {
        const bool by_group =
            from.group == between[0] && to.group == between[1] && from.seed == to.seed;
        const bool by_name = from.name == between[0] && to.name == between[1];
        if (!by_group && !by_name) continue;
        slice.from = from.name;
        slice.to = to.name;
        slice.name = base + (by_group && !by_name ? fmt::format("-seed{}", from.seed) : "");
        if (!names.insert(slice.name).second) {
          table.fail("name", fmt::format("two slices are called '{}'", slice.name));
        }
        plans.push_back(slice);
        ++found;
      }
    }
    if (found == 0) {
      std::string known;
      for (const auto& run : runs) {
        if (known.find("\"" + run.group + "\"") == std::string::npos)
          known += " \"" + run.group + "\"";
      }
      table.fail("between", fmt::format(R"(found "{}" and "{}", expected runs or groups of:{})",
                                        between[0], between[1], known));
    }
  }
  return plans;
}

}  // namespace thalweg
