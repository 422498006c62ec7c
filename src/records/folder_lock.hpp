#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "records/file_descriptor.hpp"

namespace thalweg {

/// Who holds a folder: what the lock file says of it.
struct LockHolder {
  std::string host;  ///< of the process that took it
  std::int64_t pid = 0;
  std::string job;                 ///< SLURM_JOB_ID; empty outside
  std::vector<std::string> hosts;  ///< of all ranks of the job: any of them may be the last to end
};

/// How long to wait before a folder counts as held, or as left.
struct LockPatience {
  double ranks_s = 10.0;  ///< for ranks of a killed job, which end within seconds
  double beat_s = 16.0;   ///< for a heartbeat of a holder whose end no lock can prove
};

/// Keeps two jobs from writing into one folder. The file FOLDER/.lock says who holds it; the lock
/// itself is the system's (open file description locks, fcntl(2)), so that it goes with the last
/// process that holds it, whatever kills that.
///
/// Some file systems know no locks, or keep each host's to itself. There a lock that could be taken
/// proves nothing about another host's job: holders beat (beat()), and a folder whose file names
/// another host is watched for a while before it is taken over. Of several that want it at the same
/// time the one wins that makes FOLDER/.lock.taking, which only one can.
class FolderLock {
 public:
  /// Seconds between two beats: several fall into LockPatience::beat_s.
  static constexpr double kBeat_s = 5.0;

  /// Takes the folder for `holder`, alone. Local: one process of a job. Throws ConfigurationError
  /// naming the holder.
  FolderLock(const std::string& folder, const LockHolder& holder, const LockPatience& patience);
  /// Joins the lock that another process of the same job has taken and shared, whose text() is
  /// given. Waits up to `patience_s` for a network file system to show it. Local. Throws Error
  /// where there is none, or another one: this host does not see the same folder.
  FolderLock(const std::string& folder, std::string text, double patience_s);
  FolderLock(const FolderLock&) = delete;
  FolderLock& operator=(const FolderLock&) = delete;
  ~FolderLock() = default;

  /// What the lock file says: of no other lock, at no other time. Local.
  [[nodiscard]] const std::string& text() const { return text_; }
  /// The open file, for a Heartbeat. Local.
  [[nodiscard]] int file() const { return file_->id(); }
  /// Lets the job's other processes join; to other jobs the folder stays closed. Local.
  void share();
  /// Removes the file: the job is done with the folder. Local: by one process, the last to leave.
  void remove();

  static constexpr const char* kName = ".lock";

 private:
  enum class Answer : std::uint8_t { taken, busy, no_locks };
  [[nodiscard]] Answer try_lock(short type);
  [[nodiscard]] bool write_in_place_of(const std::string& before, double patience_s);

  std::string text_;
  std::optional<FileDescriptor> file_;
};

}  // namespace thalweg
