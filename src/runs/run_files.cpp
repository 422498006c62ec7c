#include "runs/run_files.hpp"

#include <fmt/format.h>

#include <filesystem>

#include "base/error.hpp"
#include "records/record_file.hpp"
#include "runs/snapshots.hpp"

namespace thalweg {

namespace fs = std::filesystem;

RunFiles files_of(const std::string& folder, const std::string& run) {
  return {folder + "/runs/" + run + ".h5", folder + "/checkpoints/" + run + ".h5"};
}

bool is_finished(const std::string& record, const Log& log) {
  if (!fs::exists(record)) return false;
  try {
    const fs::path path(record);
    for (const auto step : snapshot_steps(read_record(record))) {
      const RecordFile snapshot(
          snapshot_file(path.parent_path().parent_path().string(), path.stem().string(), step));
    }
    return true;
  } catch (const Error& error) {
    log.warn(fmt::format("{}; the run is made again", error.what()));
    return false;
  }
}

}  // namespace thalweg
