#include "probes/measurement.hpp"

#include <algorithm>
#include <array>

namespace thalweg {

bool is_check(const std::string& scalar) {
  constexpr std::array whole{"converged",
                             "published_evaluations",
                             "products",
                             "pairs",
                             "evaluations",
                             "value_at_point",
                             "at_bound",
                             "allowed_below",
                             "accuracy_at_point",
                             "drop",
                             "sigma",
                             "sigma_low",
                             "sigma_high",
                             "sharpness_mean",
                             "broadening",
                             "integral",
                             "effective_draws",
                             "lower_bound",
                             "index_at_least"};
  constexpr std::array endings{"_error", "_residual", "_spread"};
  return std::find(whole.begin(), whole.end(), scalar) != whole.end() ||
         std::any_of(endings.begin(), endings.end(),
                     [&](const char* ending) { return scalar.ends_with(ending); });
}

}  // namespace thalweg
