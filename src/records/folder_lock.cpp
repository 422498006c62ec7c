#include "records/folder_lock.hpp"

#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstring>
#include <sstream>
#include <thread>

#include "base/clock.hpp"
#include "base/error.hpp"

namespace thalweg {

namespace {

std::string lock_file(const std::string& folder) {
  return folder + "/" + FolderLock::kName;
}

std::string text_of(const LockHolder& holder) {
  return fmt::format("host {}\npid {}\njob {}\n", holder.host, holder.pid, holder.job);
}

LockHolder read_holder(const FileDescriptor& file) {
  std::string text(static_cast<std::size_t>(file.size()), '\0');
  file.read_at(0, text.data(), static_cast<std::int64_t>(text.size()));
  LockHolder holder;
  std::istringstream lines(text);
  for (std::string key; lines >> key;) {
    if (key == "host") lines >> holder.host;
    if (key == "pid") lines >> holder.pid;
    if (key == "job") std::getline(lines >> std::ws, holder.job);
  }
  return holder;
}

std::string described(const LockHolder& holder) {
  if (holder.host.empty()) return "another job";
  return fmt::format("process {} on {}{}{}", holder.pid, holder.host,
                     holder.job.empty() ? "" : ", job ", holder.job);
}

/// Whether the file at `path` is still the opened one: its holder may have removed it meanwhile.
bool is_at(const FileDescriptor& file, const std::string& path) {
  struct stat opened {};
  struct stat named {};
  return ::fstat(file.id(), &opened) == 0 && ::stat(path.c_str(), &named) == 0 &&
         opened.st_ino == named.st_ino && opened.st_dev == named.st_dev;
}

bool knows_no_locks(int code) {
  return code == ENOLCK || code == ENOSYS || code == EOPNOTSUPP || code == EINVAL;
}

/// On a file system without locks.
void refuse_live_holder(const FileDescriptor& file, const LockHolder& mine,
                        const std::string& folder) {
  const LockHolder other = read_holder(file);
  const bool none = other.host.empty();
  const bool ended =
      other.host == mine.host && ::kill(static_cast<pid_t>(other.pid), 0) != 0 && errno == ESRCH;
  const bool earlier_turn = !mine.job.empty() && other.job == mine.job;
  if (none || ended || earlier_turn) return;
  throw ConfigurationError(fmt::format(
      "output folder {}: in use by {}, as far as can be told on a file system without locks; if "
      "that has ended, delete {}",
      folder, described(other), file.path()));
}

}  // namespace

FolderLock::Answer FolderLock::try_lock(short type) {
  struct flock whole {};
  whole.l_type = type;
  whole.l_whence = SEEK_SET;
  if (::fcntl(file_->id(), F_OFD_SETLK, &whole) == 0) return Answer::taken;
  if (errno == EAGAIN || errno == EACCES) return Answer::busy;
  if (knows_no_locks(errno)) return Answer::no_locks;
  throw Error(fmt::format("{}: cannot be locked: {}", file_->path(), std::strerror(errno)));
}

FolderLock::FolderLock(const std::string& folder, const LockHolder& holder, double patience_s) {
  const std::string path = lock_file(folder);
  const Stopwatch waited;
  Answer answer = Answer::busy;
  while (true) {
    file_.emplace(path, O_RDWR | O_CREAT);
    answer = try_lock(F_WRLCK);
    if (answer != Answer::busy) {
      if (is_at(*file_, path)) break;
      continue;
    }
    if (waited.elapsed_s() > patience_s) {
      throw ConfigurationError(fmt::format("output folder {}: in use by {}; -o names another",
                                           folder, described(read_holder(*file_))));
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
  }
  if (answer == Answer::no_locks) refuse_live_holder(*file_, holder, folder);
  const std::string text = text_of(holder);
  file_->truncate(0);
  file_->write_at(0, text.data(), static_cast<std::int64_t>(text.size()));
}

FolderLock::FolderLock(const std::string& folder) {
  file_.emplace(lock_file(folder), O_RDWR);
  if (try_lock(F_RDLCK) == Answer::busy) throw Error(file_->path() + ": taken by another job");
}

void FolderLock::share() {
  if (try_lock(F_RDLCK) == Answer::busy) throw Error(file_->path() + ": cannot be shared");
}

void FolderLock::remove() {
  ::unlink(file_->path().c_str());
}

}  // namespace thalweg
