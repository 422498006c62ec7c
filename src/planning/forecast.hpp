#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "planning/workload.hpp"

namespace thalweg {

/// A piece of the work as it was priced for a number of ranks.
struct PricedPiece {
  std::string name;
  double count = 0.0;
  double most = 0.0;
  std::string basis;
  double unit_s = 0.0;      ///< of one unit in its team, exchanges included
  double team_s = 0.0;      ///< of all units, summed over teams
  double exchange_s = 0.0;  ///< of that
  double flops = 0.0;
  double bytes_moved = 0.0;
  double calls = 0.0;          ///< collective calls of MPI, of one rank
  double messages = 0.0;       ///< point to point, of one rank
  double message_bytes = 0.0;  ///< received by one rank
};

/// A stage on so many ranks.
struct PricedStage {
  std::string name;
  std::int64_t teams = 1;
  std::int64_t team_size = 1;
  double wall_s = 0.0;       ///< expected
  double most_wall_s = 0.0;  ///< where every count is at its most
  std::vector<PricedPiece> pieces;
};

/// A workload on so many ranks.
struct Forecast {
  std::int64_t ranks = 1;
  double wall_s = 0.0;
  double most_wall_s = 0.0;
  std::vector<PricedStage> stages;
};

/// Simulates the study's own dealing-out on so many ranks. Local; pure.
[[nodiscard]] Forecast forecast_of(const Workload& work, std::int64_t ranks,
                                   const NetworkModel& network);

/// Seconds of one unit in a team of so many ranks. Local.
[[nodiscard]] double unit_seconds(const WorkUnit& unit, std::int64_t ranks,
                                  const NetworkModel& network);

/// One row of a scaling table.
struct ScalingRow {
  std::int64_t ranks = 1;
  double strong_s = 0.0;  ///< the same study
  /// As many times the samples as ranks; none where units do not grow with them.
  std::optional<double> weak_s;
};

/// The table for 1, 2, 4, …, `most` ranks. Local.
[[nodiscard]] std::vector<ScalingRow> scaling_table(const Workload& work, std::int64_t most,
                                                    const NetworkModel& network);

}  // namespace thalweg
