#pragma once

#include <optional>
#include <string>

#include "parallel/communicator.hpp"
#include "records/folder_lock.hpp"
#include "records/heartbeat.hpp"
#include "runs/study.hpp"

namespace thalweg {

/// Throws ConfigurationError where `folder` cannot become an output folder: a regular file is in
/// the way, it may not be written, or it holds something and `may_hold` is false. Changes nothing.
/// Local.
void check_output_folder(const std::string& folder, bool may_hold);

/// Does it hold something that a study would neither continue nor replace unasked? Local.
[[nodiscard]] bool holds_work(const std::string& folder);
/// What is then said.
inline constexpr const char* kHoldsWork =
    "is not empty; --resume continues a study there, --force replaces it, -o names another";

/// This process, as the lock of a folder names it. Local.
LockHolder holder_of(const Provenance& provenance);

/// The output folder made and closed to other jobs: by every rank, so that it stays closed until
/// the last process of a killed job has gone.
class HeldFolder {
 public:
  /// Collective over `world`. Throws ReportedError: of usage where another job holds it, of failure
  /// where a host does not see the folder that the root has made.
  HeldFolder(const Communicator& world, const std::string& folder, const LockHolder& holder);
  HeldFolder(const HeldFolder&) = delete;
  HeldFolder& operator=(const HeldFolder&) = delete;
  ~HeldFolder();

 private:
  bool is_root_;
  std::optional<FolderLock> lock_;
  std::optional<Heartbeat> beat_;  // of one rank a host
};

/// Makes the folder and keeps `resolved` there as config.toml. With `resume`,
/// the stored configuration must equal `resolved` (team_size apart), else ConfigurationError naming
/// the first key that differs. With `force`, what a study owns is deleted first; a folder that
/// holds something but no record is refused. Local.
StudyStart open_output_folder(const std::string& folder, const std::string& resolved, bool resume,
                              bool force);

/// Is `path` the folder, or below it? Then --force could delete what is to be read. Local.
bool lies_within(const std::string& path, const std::string& folder);

/// The first difference of two resolved configurations in words, or nothing. team_size does not
/// count.
std::optional<std::string> configuration_difference(const std::string& stored,
                                                    const std::string& given);

}  // namespace thalweg
