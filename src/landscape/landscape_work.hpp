#pragma once

#include <string>
#include <vector>

#include "base/log.hpp"
#include "data/data_set.hpp"
#include "runs/deal_out.hpp"
#include "runs/run_settings.hpp"
#include "runs/snapshots.hpp"
#include "runs/study.hpp"

namespace thalweg {

/// What the landscape between and around finished runs is explored with: slices, surfaces, paths.
template <class Real>
struct Landscape {
  const StudyContext& context;
  std::string runs_folder;  ///< the folder whose runs/ holds the records
  const std::vector<RunSpec>& runs;
  const DataSet<Real>& data;
  const Teams& teams;  ///< points are dealt out to these
  /// Computes what is not a matter of many points: the whole world, or where samples are spread
  /// over the ranks of a team, every team the same by itself.
  const Communicator& together;

  [[nodiscard]] const RunSpec& run_named(const std::string& name) const {
    return thalweg::run_named(runs, name);
  }
};

/// Where a run ended. Collective over the landscape's world. Throws ReportedError.
template <class Real>
Snapshot<Real> final_point(const Landscape<Real>& landscape, const std::string& run);

/// Status of a run's record. Collective over the landscape's world.
template <class Real>
bool has_diverged(const Landscape<Real>& landscape, const std::string& run);

/// Something computed on the landscape once all runs are done, which becomes part of study.h5.
template <class Real>
class LandscapeWork {
 public:
  LandscapeWork() = default;
  LandscapeWork(const LandscapeWork&) = delete;
  LandscapeWork& operator=(const LandscapeWork&) = delete;
  virtual ~LandscapeWork() = default;

  /// "slice line from a to b". Local.
  [[nodiscard]] virtual std::string title() const = 0;
  /// Names of the runs it stands on: it is left out where one of them diverged. Local.
  [[nodiscard]] virtual std::vector<std::string> runs() const = 0;
  /// Throws ConfigurationError where it does not fit the runs' networks or the data. Local.
  virtual void check(const std::vector<RunSpec>& runs, const DataSet<Real>& data) const = 0;
  /// Collective over the world. What it has done is on disk when it was interrupted.
  virtual RunOutcome make(const Landscape<Real>& landscape) = 0;
  /// After make. On the root.
  virtual void write_to(Record& study) const = 0;
  /// Files of their own beside study.h5. On the root.
  virtual void write_files(const StudyContext& /*context*/) const {}
  /// Removes what make kept for a resume. On the root.
  virtual void forget(const std::string& folder) const = 0;
  /// Lines for a person; empty: none. On the root.
  [[nodiscard]] virtual std::string table() const { return {}; }
};

}  // namespace thalweg
