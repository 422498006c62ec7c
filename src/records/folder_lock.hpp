#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "records/file_descriptor.hpp"

namespace thalweg {

/// Who holds a folder: what the lock file says of it.
struct LockHolder {
  std::string host;
  std::int64_t pid = 0;
  std::string job;  ///< SLURM_JOB_ID; empty outside
};

/// Keeps two jobs from writing into one folder. The file FOLDER/.lock says who holds it; the lock
/// itself is the system's (open file description locks, fcntl(2)), so that it goes with the last
/// process that holds it, whatever kills that. Where the file system knows no locks, the file's
/// text decides: a holder that has ended on this host, or was an earlier turn of this very job, is
/// stale.
class FolderLock {
 public:
  /// Takes the folder for `holder`, alone; waits up to `patience_s` for ranks of a killed job that
  /// are about to end. Local: one process of a job. Throws ConfigurationError naming the holder.
  FolderLock(const std::string& folder, const LockHolder& holder, double patience_s);
  /// Joins the lock that another process of the same job has taken and shared. Local.
  explicit FolderLock(const std::string& folder);
  FolderLock(const FolderLock&) = delete;
  FolderLock& operator=(const FolderLock&) = delete;
  ~FolderLock() = default;

  /// Lets the job's other processes join; to other jobs the folder stays closed. Local.
  void share();
  /// Removes the file: the job is done with the folder. Local: by one process, the last to leave.
  void remove();

  static constexpr const char* kName = ".lock";

 private:
  enum class Answer : std::uint8_t { taken, busy, no_locks };
  [[nodiscard]] Answer try_lock(short type);

  std::optional<FileDescriptor> file_;
};

}  // namespace thalweg
