#include "probes/measurement.hpp"

#include <algorithm>
#include <array>

namespace thalweg {

bool is_check(const std::string& scalar) {
  constexpr std::array whole{"converged",      "complete",
                             "products",       "pairs",
                             "evaluations",    "published_evaluations",
                             "value_at_point", "at_bound",
                             "allowed_below",  "accuracy_at_point",
                             "drop",           "sigma",
                             "sharpness_mean", "broadening",
                             "integral",       "effective_draws",
                             "multiplet_cut",  "next_largest",
                             "next_smallest",  "index_at_least",
                             "rounding"};
  constexpr std::array endings{"_error", "_residual", "_spread", "_bound", "_low", "_high"};
  return std::find(whole.begin(), whole.end(), scalar) != whole.end() ||
         std::any_of(endings.begin(), endings.end(),
                     [&](const char* ending) { return scalar.ends_with(ending); });
}

}  // namespace thalweg
