#pragma once

#include <string>
#include <vector>

#include "runs/run_settings.hpp"

namespace thalweg {

/// Runs that belong together: one for each name asked for.
struct ChosenRuns {
  std::vector<std::string> runs;
  std::string suffix;  ///< "-seed3" where groups were named: one choice a seed
};

/// The runs that `names`, the value of `key`, mean: runs by their names, or groups, which give one
/// choice for every seed that all of them have. Local. Throws ConfigurationError that lists the
/// groups where there is none.
std::vector<ChosenRuns> choose_runs(const Settings& table, const std::string& key,
                                    const std::vector<std::string>& names,
                                    const std::vector<RunSpec>& runs);

/// A table's `name` (`fallback` if it has none), to which `suffix` is added; each given once.
class ChosenNames {
 public:
  std::string take(const Settings& table, const std::string& fallback, const std::string& suffix);

 private:
  std::vector<std::string> taken_;
};

}  // namespace thalweg
