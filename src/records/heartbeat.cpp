#include "records/heartbeat.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <chrono>
#include <condition_variable>
#include <csignal>
#include <mutex>
#include <optional>
#include <utility>

#include "base/clock.hpp"

namespace thalweg {

namespace {

using Time = std::pair<std::int64_t, std::int64_t>;

/// Opened anew: network file systems ask their server for a file's time when it is opened.
std::optional<Time> time_of(const std::string& path) {
  const int file = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (file < 0) return std::nullopt;
  struct stat state {};
  const bool known = ::fstat(file, &state) == 0;
  ::close(file);
  if (!known) return std::nullopt;
  return Time(state.st_mtim.tv_sec, state.st_mtim.tv_nsec);
}

void beat(const std::stop_token& stop, int file, std::chrono::duration<double> every) {
  std::mutex mutex;
  std::condition_variable_any wake;
  std::unique_lock lock(mutex);
  while (!stop.stop_requested()) {
    // A file system that fails for a while shows itself in the study's own writes.
    static_cast<void>(::futimens(file, nullptr));
    wake.wait_for(lock, stop, every, [] { return false; });
  }
}

}  // namespace

Heartbeat::Heartbeat(int file, double every_s) {
  // Signals are the main thread's: its handlers may interrupt its waits.
  sigset_t all;
  sigset_t before;
  sigfillset(&all);
  pthread_sigmask(SIG_BLOCK, &all, &before);
  const std::chrono::duration<double> every(every_s);
  thread_ = std::jthread([=](const std::stop_token& stop) { beat(stop, file, every); });
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
}

bool beats(const std::string& path, double watch_s) {
  const Stopwatch watch;
  const auto first = time_of(path);
  while (watch.elapsed_s() < watch_s) {
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
    const auto now = time_of(path);
    if (!first || !now) return false;
    if (*now != *first) return true;
  }
  return false;
}

}  // namespace thalweg
