#pragma once

#include <memory>
#include <vector>

#include "objectives/analytic/objective_kinds.hpp"

namespace thalweg {

/// What [objective] says: a kind with its values, and where runs on it begin.
struct ObjectiveSpec {
  const ObjectiveKind* kind = nullptr;
  std::shared_ptr<const Values> values;
  Settings table;                ///< what it was read from, for messages
  std::vector<double> start;     ///< empty: drawn
  double start_deviation = 1.0;  ///< of a drawn start
  double gradient_noise = 0.0;   ///< deviation of each element of what is added to gradients

  /// Local. Throws ConfigurationError for values that do not go together, and for a start that
  /// does not fit.
  [[nodiscard]] ObjectiveShape shape() const;
  /// The team must outlive it. Local.
  [[nodiscard]] std::unique_ptr<Objective<double>> make(const Communicator& team) const {
    return kind->make(*values, team);
  }
};

/// The keys that every objective takes besides its own.
const std::vector<Key>& common_objective_keys();

/// Reads [objective]. Local. Throws ConfigurationError.
ObjectiveSpec read_objective(const Settings& table);

}  // namespace thalweg
