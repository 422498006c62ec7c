#pragma once

#include <string>

#include "base/log.hpp"

namespace thalweg {

enum class RunOutcome : int { done, interrupted };

/// Where a run's files go.
struct RunFiles {
  std::string record;      ///< DIR/runs/NAME.h5
  std::string checkpoint;  ///< DIR/checkpoints/NAME.h5
};

/// Local.
RunFiles files_of(const std::string& folder, const std::string& run);

/// Whether a run's record is there and whole, and the snapshots that it lists. One that cannot be
/// read is made again, with a warning. Local: the team's root asks.
bool is_finished(const std::string& record, const Log& log);

}  // namespace thalweg
