#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/error.hpp"
#include "base/log.hpp"
#include "parallel/team_work.hpp"
#include "runs/run_files.hpp"
#include "runs/study.hpp"

namespace thalweg {

/// The order in which runs of unequal cost are begun: longest first, equal ones as they stand.
/// Local.
std::vector<std::size_t> longest_first(std::span<const double> costs);

/// The world in teams of [study] team_size ranks; 0: as many teams as there are runs. Ranks left
/// over by the division join the last team: a team's size never changes its results.
class Teams {
 public:
  /// Collective over `world`, which must outlive this.
  Teams(const Communicator& world, std::int64_t team_size, std::size_t runs);

  [[nodiscard]] const Communicator& world() const { return *world_; }
  [[nodiscard]] const Communicator& mine() const { return team_; }
  [[nodiscard]] std::int64_t count() const { return count_; }
  [[nodiscard]] std::int64_t index() const { return index_; }
  [[nodiscard]] std::int64_t team_size() const { return team_size_; }
  [[nodiscard]] const TeamWork& work() const { return work_; }

 private:
  const Communicator* world_;
  std::int64_t team_size_;
  std::int64_t count_;
  std::int64_t index_;
  Communicator team_;
  TeamWork work_;
};

/// One run to be dealt out.
struct DealtRun {
  std::string name;
  double cost = 0.0;
  /// Collective over the team that takes it.
  std::function<RunOutcome()> make;
};

/// What came of dealing out, the same on every rank.
struct Dealt {
  bool interrupted = false;
  std::vector<std::string> failed;  ///< names, in the order of the runs
};

/// Runs for the teams: a team takes the longest one left whenever it has ended one, so results must
/// not depend on who makes what. Runs whose record is in `folder` are left out. A run that throws
/// is reported and does not end the others; an interrupted one ends its team's work. Collective
/// over the world.
Dealt deal_out(const Teams& teams, const std::string& folder, std::span<const DealtRun> runs,
               const Log& log);

/// What a study of so many runs ends in where they are not all there, with a word about it by the
/// root; nothing where they are. Local, the same on every rank.
std::optional<ExitCode> ended_early(const StudyContext& context, const Dealt& dealt,
                                    std::size_t runs);

}  // namespace thalweg
