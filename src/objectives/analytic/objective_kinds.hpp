#pragma once

#include <algorithm>
#include <cstdint>
#include <functional>
#include <vector>

#include "models/layer.hpp"
#include "objectives/objective.hpp"
#include "settings/kind.hpp"

namespace thalweg {

struct ObjectiveShape {
  std::int64_t dimension = 1;
  std::int64_t samples = 0;  ///< terms, where the objective is a finite sum

  /// What the epochs of a run count: terms, or steps where there are none.
  [[nodiscard]] std::int64_t epoch_samples() const { return std::max<std::int64_t>(1, samples); }
  /// All parameters as one block, "x".
  [[nodiscard]] std::vector<ParameterBlock> blocks() const { return {{"x", 0, {dimension}}}; }
};

/// An objective that needs no data set. Made for a team, which must outlive it; the same on any
/// number of ranks. Local.
struct ObjectiveKind : Kind<Objective<double>, const Communicator&> {
  /// Known before anything is drawn or stored. Throws ConfigurationError, through the table that
  /// was read, for values that do not go together.
  std::function<ObjectiveShape(const Values& values, const Settings& table)> shape;
};

/// The objectives that [objective] type can name. A further one is a file in kinds/ and a row here.
const std::vector<ObjectiveKind>& objective_kinds();

}  // namespace thalweg
