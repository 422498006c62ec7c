#pragma once

#include <cstdint>
#include <string>

#include "base/clock.hpp"

namespace thalweg {

/// Writes to stderr: whole timestamped lines, one write each. Passed down explicitly; a silent one
/// says nothing.
class Log {
 public:
  static Log silent() { return Log(false, false); }
  /// `terminal`: stderr is a terminal, so a progress bar may redraw its line.
  Log(bool active, bool terminal) : active_(active), terminal_(terminal) {}
  void info(const std::string& message) const;
  void warn(const std::string& message) const;
  [[nodiscard]] bool active() const { return active_; }
  [[nodiscard]] bool terminal() const { return terminal_; }

 private:
  void line(const char* prefix, const std::string& message) const;
  bool active_;
  bool terminal_;
};

/// Progress of long work: a live bar on a terminal; in a job log a plain line with done/total and
/// the expected time left, at most one every `interval_s`.
class Progress {
 public:
  Progress(const Log& log, std::string label, std::int64_t total, double interval_s = 10.0);
  /// Would `update` print now? Asked before a note that costs something is written.
  [[nodiscard]] bool is_due() const;
  void update(std::int64_t done, const std::string& note = {});
  void finish();

 private:
  const Log& log_;
  std::string label_;
  std::int64_t total_;
  double interval_s_;
  Stopwatch watch_;
  double last_s_ = -1e30;
  std::int64_t first_ = -1;
  bool drawn_ = false;
};

}  // namespace thalweg
