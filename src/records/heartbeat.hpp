#pragma once

#include <string>
#include <thread>

namespace thalweg {

/// Touches an open file again and again, from a thread of its own, while it lives: whoever watches
/// the file's time sees that its holder does. For file systems whose locks do not reach other
/// hosts.
class Heartbeat {
 public:
  /// `file` is the id of an open file, which stays open as long. Local.
  Heartbeat(int file, double every_s);

 private:
  std::jthread thread_;  // asked to stop and joined by its destructor
};

/// Whether the time of `path` changes within `watch_s`, in which this waits; false at once where
/// the file is removed. Local.
bool beats(const std::string& path, double watch_s);

}  // namespace thalweg
