#include "studies/uci/uci_settings.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <sstream>

#include "data/uci_set.hpp"

namespace thalweg {

namespace {

/// The sets of the study in ascending order, read whole and checked.
std::vector<SetSize> find_sets(const UciSpec& plan, const Log& log) {
  const auto found = uci_set_names(plan.path);
  auto wanted = plan.sets.empty() ? found : plan.sets;
  std::sort(wanted.begin(), wanted.end());
  std::vector<SetSize> sets;
  for (const auto& name : wanted) {
    if (!std::binary_search(found.begin(), found.end(), name)) {
      throw ConfigurationError(
          fmt::format("[uci] sets: there is no set \"{}\" in {}", name, plan.path));
    }
    const UciSet set = read_uci_set(plan.path + "/" + name);
    if (set.size() > plan.largest) {
      log.info(fmt::format("{}: {} samples, more than [uci] largest = {}; left out", name,
                           set.size(), plan.largest));
      continue;
    }
    sets.push_back({name, set.size(), checksum_of(set)});
  }
  if (sets.empty()) throw ConfigurationError("[uci]: no set is left to work on");
  return sets;
}

}  // namespace

std::vector<SetSize> find_uci_sets(const UciSpec& plan, const StudyContext& context) {
  std::vector<SetSize> sets;
  std::string text;
  collectively(context.world, [&] {
    if (!context.world.is_root()) return;
    for (const auto& set : find_sets(plan, context.log)) {
      text += fmt::format("{}/{}/{}\n", set.name, set.samples, set.checksum);
    }
  });
  std::istringstream lines(context.world.broadcast(text));
  for (std::string line; std::getline(lines, line);) {
    const auto last = line.rfind('/');
    const auto first = line.rfind('/', last - 1);
    sets.push_back({line.substr(0, first), std::stoll(line.substr(first + 1)),
                    std::stoull(line.substr(last + 1))});
  }
  return sets;
}

UciSpec read_uci_spec(const Settings& settings, const StudyHeader& header) {
  UciSpec plan;
  plan.header = header;
  if (header.team_size != 0) {
    settings.table("study").fail("team_size", "a set is the work of one rank; leave it out");
  }
  const Settings table = settings.table("uci");
  const std::string path = table.string("path", "");
  if (path.empty()) table.fail("path", "expected the folder that holds a folder for each set");
  plan.path = std::filesystem::absolute(path).lexically_normal().string();
  table.expect_folder("path", plan.path);
  plan.sets = table.strings("sets", {});
  for (std::size_t i = 0; i < plan.sets.size(); ++i) {
    const auto& name = plan.sets[i];
    if (name.empty() || name.find('/') != std::string::npos || name.front() == '.') {
      table.fail("sets", fmt::format("found \"{}\", expected the name of a folder", name));
    }
    if (std::find(plan.sets.begin(), plan.sets.begin() + static_cast<std::ptrdiff_t>(i), name) !=
        plan.sets.begin() + static_cast<std::ptrdiff_t>(i)) {
      table.fail("sets", fmt::format("\"{}\" is there twice", name));
    }
  }
  plan.largest = table.integer_at_least("largest", 1, plan.largest);
  plan.protocol.relative_ridges =
      table.numbers("ridges", {1e-6, 1e-5, 1e-4, 1e-3, 1e-2, 1e-1, 1.0, 10.0});
  for (const double ridge : plan.protocol.relative_ridges) {
    if (!(ridge > 0.0 && std::isfinite(ridge))) {
      table.fail("ridges", fmt::format("found {}, expected more than 0", ridge));
    }
  }
  if (plan.protocol.relative_ridges.empty()) table.fail("ridges", "expected at least one value");
  plan.protocol.criterion =
      table.choice("criterion", {"accuracy", "squared_error"}, "accuracy") == "accuracy"
          ? LeaveOneOutCriterion::accuracy
          : LeaveOneOutCriterion::squared_error;
  plan.families = read_kernel_families(settings);
  return plan;
}

}  // namespace thalweg
