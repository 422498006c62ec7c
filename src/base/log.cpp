#include "base/log.hpp"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <ctime>
#include <utility>

#include "base/terminal.hpp"

namespace thalweg {

void Log::line(const char* prefix, const std::string& message) const {
  if (!active_) return;
  std::tm local{};
  const std::time_t now = std::time(nullptr);
  localtime_r(&now, &local);
  std::string text = fmt::format("{:%H:%M:%S} {}{}", local, prefix, message);
  if (terminal_) text = "\r\x1b[K" + wrapped(text, stderr_columns());
  text += '\n';
  std::fwrite(text.data(), 1, text.size(), stderr);
  std::fflush(stderr);
}

void Log::info(const std::string& message) const {
  line("", message);
}
void Log::warn(const std::string& message) const {
  line("warning: ", message);
}

Progress::Progress(const Log& log, std::string label, std::int64_t total, double interval_s)
    : log_(log), label_(std::move(label)), total_(total), interval_s_(interval_s) {}

bool Progress::is_due() const {
  constexpr double redrawn_every_s = 0.2;
  return log_.active() &&
         watch_.elapsed_s() - last_s_ >= (log_.terminal() ? redrawn_every_s : interval_s_);
}

void Progress::update(std::int64_t done, const std::string& note) {
  if (first_ < 0) first_ = done;
  if (!is_due()) return;
  const double now_s = watch_.elapsed_s();
  last_s_ = now_s;
  const std::int64_t worked = done - first_;
  const std::string left =
      worked > 0 ? fmt::format(", {:.0f} s left", now_s / static_cast<double>(worked) *
                                                      static_cast<double>(total_ - done))
                 : std::string();
  const std::string text =
      fmt::format("{} {}/{}{}{}{}", label_, done, total_, left, note.empty() ? "" : ", ", note);
  if (!log_.terminal()) {
    log_.info(text);
    return;
  }
  // A line that wraps could not be redrawn; the last column stays free, where some terminals wrap.
  const std::size_t columns = stderr_columns() - 1;
  const int width = columns < 60 ? 10 : 24;
  const auto filled = static_cast<int>(static_cast<double>(width) * static_cast<double>(done) /
                                       static_cast<double>(std::max<std::int64_t>(total_, 1)));
  const std::string bar =
      "\r\x1b[K" +
      shortened(fmt::format("[{:#<{}}{:-<{}}] {}", "", filled, "", width - filled, text), columns);
  std::fwrite(bar.data(), 1, bar.size(), stderr);
  std::fflush(stderr);
  drawn_ = true;
}

void Progress::finish() {
  if (!drawn_) return;
  std::fputs("\r\x1b[K", stderr);
  std::fflush(stderr);
  drawn_ = false;
}

}  // namespace thalweg
