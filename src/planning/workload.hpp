#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "planning/plan_messages.hpp"

namespace thalweg {

/// One unit of work as a team does it: a training step, an evaluation, a product, … Seconds are
/// measured on one rank.
struct WorkUnit {
  double fixed_s = 0.0;      ///< on every rank, whatever their number
  double item_s = 0.0;       ///< for each item (sample, tile) of a rank
  double shared_s = 0.0;     ///< of one rank alone; divided evenly
  std::int64_t items = 0;    ///< of the unit, dealt out in whole grains
  std::int64_t grain = 1;    ///< such as a shard
  double flops = 0.0;        ///< of all ranks together
  double bytes_moved = 0.0;  ///< read and written in memory by all ranks together, at least
  std::vector<Exchange> exchanges;

  /// Items of the busiest of so many ranks. Local.
  [[nodiscard]] std::int64_t items_of_busiest(std::int64_t ranks) const;
  /// Seconds of the busiest rank without exchanges. Local.
  [[nodiscard]] double compute_s(std::int64_t ranks) const;
};

/// Units of one sort within a task.
struct WorkPiece {
  std::string name;
  double count = 0.0;  ///< units, as far as is known or expected
  double most = 0.0;   ///< the same at most
  std::string basis;   ///< where the count comes from
  WorkUnit unit;
};

/// What one team makes from beginning to end: a run with its probes, …
struct WorkTask {
  std::string name;
  double rank = 0.0;  ///< the longest is begun first, by the study's own guess of the cost
  std::vector<WorkPiece> pieces;
};

/// Tasks between two points at which all ranks meet.
struct WorkStage {
  enum class Deal {
    together,  ///< all ranks make each task
    teams,     ///< dealt out to teams, longest first
    points,    ///< the units of each piece are dealt out to teams in shrinking runs
    root,      ///< the first rank, the others wait
  };
  std::string name;
  Deal deal = Deal::together;
  std::int64_t team_size = 0;  ///< 0: as Teams decides by the number of tasks
  std::vector<WorkTask> tasks;
  std::size_t teams_for = 0;  ///< the number of tasks that teams are made for; 0: of these
};

/// All of a study's work in order, as functions of the number of ranks.
struct Workload {
  std::vector<WorkStage> stages;
  /// Does each unit grow with its items, so that a study with as many times the samples as ranks
  /// can be told from it?
  bool grows = false;
};

}  // namespace thalweg
