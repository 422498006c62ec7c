#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "data/data_set.hpp"
#include "runs/run_settings.hpp"
#include "runs/snapshots.hpp"
#include "runs/study.hpp"

namespace thalweg {

/// A finished study of trajectories, opened again by its folder: all that is needed to go back to
/// the points of its runs.
struct RecordedStudy {
  std::string folder;
  StudyHeader header;
  DataOptions data;
  std::string data_hash;  ///< of the data that the runs were trained on
  std::string configuration_hash;
  std::vector<RunSpec> runs;  ///< with the learning rates that they were made with
  bool wide = false;          ///< float64, not float32

  /// Throws ConfigurationError naming the runs there are.
  [[nodiscard]] const RunSpec& run(const std::string& name) const;
};

/// Reads study.h5 in `folder`, or that file itself. Collective over `world`. Throws ReportedError
/// where there is no finished study of trajectories.
RecordedStudy open_recorded_study(const Communicator& world, const std::string& folder);

/// The study's data, a relative path taken from the current directory as the study did. Collective
/// over `world`, as load_data. Throws ReportedError where they are not those of the record.
template <class Real>
DataSet<Real> load_recorded_data(const RecordedStudy& study, const Communicator& world,
                                 const Communicator& team);

/// What a run's record says of its stored points.
struct StoredPoints {
  std::string status;
  std::string start_hash;               ///< point_hash of the initial point
  std::int64_t last = 0;                ///< steps taken: the final point
  std::vector<std::int64_t> snapshots;  ///< steps of which there are snapshots
};

/// Local: one rank reads. Throws Error.
StoredPoints stored_points(const std::string& folder, const std::string& run);

/// Checksum of where a run ended. Local: one rank reads. Throws Error.
template <class Real>
std::string end_hash(const std::string& folder, const std::string& run);

/// The steps of the points that --at means: "final", "all" (the snapshots and the final point) or
/// one of the steps. Local. Throws ConfigurationError naming those that are stored.
std::vector<std::int64_t> chosen_steps(const std::string& at, const std::string& run,
                                       const StoredPoints& points);

/// The point of a run after `step` steps, which is its last step or that of a snapshot. Collective
/// over `team`: its root reads. Throws ReportedError.
template <class Real>
Snapshot<Real> read_point(const Communicator& team, const std::string& folder,
                          const std::string& run, std::int64_t step);

}  // namespace thalweg
