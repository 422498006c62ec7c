#pragma once

#include <string>
#include <vector>

#include "records/record.hpp"
#include "runs/run_settings.hpp"

namespace thalweg {

/// What finished runs leave, without the parameters at their ends.
struct RunRecords {
  std::vector<std::string> names;
  std::vector<Record> records;
  std::int64_t diverged = 0;
};

/// Reads them from a study's folder, and removes the checkpoints that these runs no longer need.
/// Local: on the root. Throws Error.
RunRecords take_run_records(const std::string& folder, const std::vector<RunSpec>& runs);

/// Adds to a study's record what it must hold to be useful alone: /summary, one row a run (the
/// trajectory's last row, status, every probe's scalars at the end as PROBE.value), and links to
/// the runs' files. `runs` are the runs' names and records. Local.
void summarise_runs(Record& study, const std::vector<std::string>& names,
                    const std::vector<Record>& runs);

}  // namespace thalweg
