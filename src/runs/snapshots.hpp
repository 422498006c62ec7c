#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "records/record.hpp"

namespace thalweg {

/// Parameters and running statistics of a run after so many steps.
template <class Real>
struct Snapshot {
  std::int64_t step = 0;
  double epoch = 0.0;
  std::vector<Real> parameters;
  std::vector<double> statistics;
};

/// DIR/snapshots/RUN/step-000000042.h5. Local.
std::string snapshot_file(const std::string& folder, const std::string& run, std::int64_t step);

/// Writes a snapshot to `path`, whole or not at all. `attributes` say what else the root is to say:
/// of which run, and how it was made. Local. Throws Error.
template <class Real>
void write_snapshot(const std::string& path, const Snapshot<Real>& snapshot,
                    const Attributes& attributes);

/// Local. Throws Error for a file that is missing, damaged or no snapshot in this precision.
template <class Real>
Snapshot<Real> read_snapshot(const std::string& path);

/// The steps of which a run's record lists a snapshot, ascending; none where it took none. Local.
std::vector<std::int64_t> snapshot_steps(const Record& run);

/// Notes in a run's record the steps of which there are snapshots. Local.
void list_snapshots(Record& run, const std::vector<std::int64_t>& steps);

}  // namespace thalweg
