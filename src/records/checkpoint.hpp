#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/log.hpp"
#include "records/record.hpp"

namespace thalweg {

/// Where a checkpoint was found, and why newer ones were passed over.
struct CheckpointSource {
  std::string file;
  std::vector<std::string> skipped;  ///< one sentence for each broken generation
};

/// Writes a checkpoint and keeps the one before as "PATH.previous". At any moment at least one
/// whole generation is on disk. Local. Throws Error.
void write_checkpoint(const std::string& path, const Record& record);

/// The newest whole generation, its checksum verified; nothing when there is none. Local.
std::optional<Record> read_newest_checkpoint(const std::string& path,
                                             CheckpointSource* source = nullptr);

/// The same for going on from it: says on `log` which one it is and at which step, and warns of
/// each that was passed over. Local.
std::optional<Record> resume_checkpoint(const std::string& path, const Log& log);

/// Removes all generations. Local.
void remove_checkpoint(const std::string& path);

}  // namespace thalweg
