#include "runs/run_choice.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "settings/plain_name.hpp"

namespace thalweg {

namespace {

const RunSpec* with(const std::vector<RunSpec>& runs, const std::string& group,
                    std::uint64_t seed) {
  const auto found = std::find_if(runs.begin(), runs.end(), [&](const RunSpec& run) {
    return run.group == group && run.seed == seed;
  });
  return found == runs.end() ? nullptr : &*found;
}

bool is_run(const std::vector<RunSpec>& runs, const std::string& name) {
  return std::any_of(runs.begin(), runs.end(),
                     [&](const RunSpec& run) { return run.name == name; });
}

/// Two points that are one span no line and no plane.
void refuse_one_twice(const Settings& table, const std::string& key,
                      std::vector<std::string> names) {
  std::sort(names.begin(), names.end());
  const auto twice = std::adjacent_find(names.begin(), names.end());
  if (twice != names.end()) table.fail(key, fmt::format("\"{}\" is named twice", *twice));
}

std::string quotation(const std::vector<std::string>& names) {
  std::string text;
  for (const auto& name : names) text += (text.empty() ? "\"" : ", \"") + name + "\"";
  return text;
}

}  // namespace

std::vector<ChosenRuns> choose_runs(const Settings& table, const std::string& key,
                                    const std::vector<std::string>& names,
                                    const std::vector<RunSpec>& runs) {
  refuse_one_twice(table, key, names);
  if (std::all_of(names.begin(), names.end(),
                  [&](const std::string& name) { return is_run(runs, name); })) {
    return {{names, ""}};
  }
  std::vector<ChosenRuns> chosen;
  for (const auto& first : runs) {
    if (first.group != names.front()) continue;
    ChosenRuns choice{{}, fmt::format("-seed{}", first.seed)};
    for (const auto& group : names) {
      const RunSpec* run = with(runs, group, first.seed);
      if (run != nullptr) choice.runs.push_back(run->name);
    }
    if (choice.runs.size() == names.size()) chosen.push_back(std::move(choice));
  }
  if (!chosen.empty()) return chosen;
  if (std::any_of(names.begin(), names.end(),
                  [&](const std::string& name) { return is_run(runs, name); })) {
    table.fail(key, fmt::format("found {}, expected either runs alone or groups alone, which stand "
                                "for one run of each seed",
                                quotation(names)));
  }
  std::vector<std::string> groups;
  for (const auto& run : runs) {
    if (std::find(groups.begin(), groups.end(), run.group) == groups.end()) {
      groups.push_back(run.group);
    }
  }
  table.fail(key, fmt::format("found {}, expected runs or groups of: {}", quotation(names),
                              quotation(groups)));
}

std::string ChosenNames::take(const Settings& table, const std::string& fallback,
                              const std::string& suffix) {
  const auto base = table.string("name", fallback);
  if (!is_plain_name(base)) {
    table.fail("name", fmt::format("found \"{}\", expected a plain name", base));
  }
  std::string name = base + suffix;
  if (std::find(taken_.begin(), taken_.end(), name) != taken_.end()) {
    table.fail("name", fmt::format("two of them are called '{}'", name));
  }
  taken_.push_back(name);
  return name;
}

}  // namespace thalweg
