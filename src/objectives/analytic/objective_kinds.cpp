#include "objectives/analytic/objective_kinds.hpp"

namespace thalweg {

// Each in kinds/NAME.cpp.
ObjectiveKind quadratic_kind();
ObjectiveKind double_well_kind();
ObjectiveKind least_squares_kind();

const std::vector<ObjectiveKind>& objective_kinds() {
  static const std::vector<ObjectiveKind> kinds{quadratic_kind(), double_well_kind(),
                                                least_squares_kind()};
  return kinds;
}

}  // namespace thalweg
