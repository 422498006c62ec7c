#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "studies/trajectories/correlation_record.hpp"

namespace thalweg {

namespace {

/// The keys of which the runs have several values; a [[run]] may differ from another in many.
std::vector<std::string> axes_of(const std::vector<RunSpec>& runs) {
  std::map<std::string, std::set<std::string>> values;
  for (const auto& run : runs) {
    for (const auto& [key, value] : run.swept) values[key].insert(value);
  }
  std::vector<std::string> axes;
  for (const auto& [key, found] : values) {
    if (key != "run" && found.size() > 1) axes.push_back(key);
  }
  return axes;
}

/// A list without repetitions of some of `choices`.
std::vector<std::string> some_of(const Settings& table, const char* key,
                                 const std::vector<std::string>& choices) {
  auto found = table.strings(key, choices);
  if (found.empty() && !choices.empty()) table.fail(key, "expected at least one");
  for (const auto& one : found) {
    if (std::find(choices.begin(), choices.end(), one) == choices.end()) {
      std::string known;
      for (const auto& choice : choices) known += (known.empty() ? "" : ", ") + choice;
      table.fail(key, fmt::format("found \"{}\", expected some of: {}", one,
                                  known.empty() ? "nothing, since nothing is swept over" : known));
    }
    if (std::count(found.begin(), found.end(), one) > 1) {
      table.fail(key, fmt::format("\"{}\" stands there twice", one));
    }
  }
  return found;
}

}  // namespace

std::optional<CorrelationOptions> read_correlation(const Settings& settings,
                                                   std::uint64_t study_seed,
                                                   const std::vector<RunSpec>& runs) {
  if (!settings.has("correlation")) return std::nullopt;
  const Settings table = settings.table("correlation");
  constexpr std::size_t fewest_runs = 3;
  if (runs.size() < fewest_runs) {
    settings.fail("correlation", fmt::format("found {} runs, expected at least {} to correlate",
                                             runs.size(), fewest_runs));
  }
  CorrelationOptions options;
  options.gaps = some_of(table, "gaps", {"loss", "error"});
  options.axes = some_of(table, "axes", axes_of(runs));
  constexpr std::int64_t fewest_resamples = 100;
  options.bootstrap.resamples = table.integer_at_least("bootstrap", fewest_resamples, 1000);
  options.bootstrap.confidence = table.positive("confidence", options.bootstrap.confidence);
  options.bootstrap.seed = study_seed;
  if (options.bootstrap.confidence >= 1.0) {
    table.fail("confidence", fmt::format("found {}, expected a share between 0 and 1",
                                         options.bootstrap.confidence));
  }
  return options;
}

}  // namespace thalweg
