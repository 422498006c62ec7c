#include "records/folder_lock.hpp"

#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <sstream>
#include <thread>
#include <utility>

#include "base/clock.hpp"
#include "base/error.hpp"
#include "records/heartbeat.hpp"

namespace thalweg {

namespace {

std::string lock_file(const std::string& folder) {
  return folder + "/" + FolderLock::kName;
}

void pause() {
  std::this_thread::sleep_for(std::chrono::milliseconds(50));
}

/// The last line makes it another text each time.
std::string holder_text(const LockHolder& holder) {
  std::string text =
      fmt::format("host {}\npid {}\njob {}\nhosts", holder.host, holder.pid, holder.job);
  for (const auto& host : holder.hosts) text += " " + host;
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  return text + fmt::format("\nsince_ns {}\n",
                            std::chrono::duration_cast<std::chrono::nanoseconds>(now).count());
}

std::string read_text(const FileDescriptor& file) {
  std::string text(static_cast<std::size_t>(file.size()), '\0');
  file.read_at(0, text.data(), static_cast<std::int64_t>(text.size()));
  return text;
}

LockHolder holder_in(const std::string& text) {
  LockHolder holder;
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) {
    std::istringstream words(line);
    std::string key;
    words >> key;
    if (key == "host") words >> holder.host;
    if (key == "pid") words >> holder.pid;
    if (key == "job") words >> holder.job;
    for (std::string host; key == "hosts" && words >> host;) holder.hosts.push_back(host);
  }
  return holder;
}

std::string described(const LockHolder& holder) {
  if (holder.host.empty()) return "another job";
  std::string text = fmt::format("process {} on {}", holder.pid, holder.host);
  if (holder.hosts.size() > 1) {
    text += ", its ranks on";
    for (const auto& host : holder.hosts) {
      text += (host == holder.hosts.front() ? " " : ", ") + host;
    }
  }
  return holder.job.empty() ? text : text + ", job " + holder.job;
}

[[noreturn]] void refuse(const std::string& folder, const LockHolder& holder,
                         const std::string& how_known) {
  throw ConfigurationError(fmt::format("output folder {}: in use by {}{}; -o names another", folder,
                                       described(holder), how_known));
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

/// Whether a lock that could be taken proves that its holder has gone: none held it, an earlier
/// turn of this very job did, or all its ranks were on this host.
bool has_ended(const LockHolder& other, const LockHolder& mine, bool locks_are_known) {
  if (other.host.empty() || (!mine.job.empty() && other.job == mine.job)) return true;
  return locks_are_known && other.host == mine.host &&
         std::all_of(other.hosts.begin(), other.hosts.end(),
                     [&](const std::string& host) { return host == mine.host; });
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

FolderLock::FolderLock(const std::string& folder, const LockHolder& holder,
                       const LockPatience& patience)
    : text_(holder_text(holder)) {
  const std::string path = lock_file(folder);
  const Stopwatch waited;
  for (;; pause()) {
    file_.emplace(path, O_RDWR | O_CREAT);
    const Answer answer = try_lock(F_WRLCK);
    const std::string before = read_text(*file_);
    const LockHolder other = holder_in(before);
    if (answer == Answer::busy) {
      if (waited.elapsed_s() > patience.ranks_s) refuse(folder, other, "");
      continue;
    }
    if (!has_ended(other, holder, answer == Answer::taken) && beats(path, patience.beat_s)) {
      refuse(folder, other,
             fmt::format(", as {} is being touched; the file system does not lock between hosts",
                         path));
    }
    if (write_in_place_of(before, patience.beat_s)) return;
  }
}

bool FolderLock::write_in_place_of(const std::string& before, double patience_s) {
  const std::string path = file_->path() + ".taking";
  const Stopwatch waited;
  constexpr mode_t mode = 0644;
  int taking = -1;
  while ((taking = ::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode)) < 0) {
    if (errno != EEXIST) {
      throw Error(fmt::format("{}: cannot be made: {}", path, std::strerror(errno)));
    }
    // It is there for the time of a write; longer, its maker was killed in between.
    if (waited.elapsed_s() > patience_s) ::unlink(path.c_str());
    pause();
  }
  ::close(taking);
  // Opened anew, to see what other hosts have written.
  const bool mine = is_at(*file_, file_->path()) &&
                    read_text(FileDescriptor(file_->path(), O_RDONLY | O_CREAT)) == before;
  if (mine) {
    file_->truncate(0);
    file_->write_at(0, text_.data(), static_cast<std::int64_t>(text_.size()));
    file_->sync();
  }
  ::unlink(path.c_str());
  return mine;
}

FolderLock::FolderLock(const std::string& folder, std::string text, double patience_s)
    : text_(std::move(text)) {
  const std::string path = lock_file(folder);
  const Stopwatch waited;
  for (;; pause()) {
    const bool last = waited.elapsed_s() > patience_s;
    if (::access(path.c_str(), F_OK) == 0) {
      file_.emplace(path, O_RDWR);
      if (read_text(*file_) == text_) break;
    }
    if (last) throw Error(path + ": not there, or another one");
  }
  if (try_lock(F_RDLCK) == Answer::busy) throw Error(file_->path() + ": taken by another job");
}

void FolderLock::share() {
  if (try_lock(F_RDLCK) == Answer::busy) throw Error(file_->path() + ": cannot be shared");
}

void FolderLock::remove() {
  ::unlink(file_->path().c_str());
}

}  // namespace thalweg
