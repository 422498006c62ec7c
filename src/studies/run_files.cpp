#include "studies/run_files.hpp"

#include <fmt/format.h>

#include <filesystem>

#include "base/error.hpp"
#include "records/record.hpp"

namespace thalweg {

RunFiles files_of(const std::string& folder, const std::string& run) {
  return {folder + "/runs/" + run + ".h5", folder + "/checkpoints/" + run + ".h5"};
}

bool is_finished(const std::string& record, const Log& log) {
  if (!std::filesystem::exists(record)) return false;
  try {
    static_cast<void>(read_record(record));
    return true;
  } catch (const Error& error) {
    log.warn(fmt::format("{}; the run is made again", error.what()));
    return false;
  }
}

}  // namespace thalweg
