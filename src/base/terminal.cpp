#include "base/terminal.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <sstream>

namespace thalweg {

namespace {

constexpr std::size_t kUnknownColumns = 80;
constexpr std::size_t kFewestColumns = 20;

/// A descriptor of mpirun's stderr, if mpirun started this process on its own host; closed at the
/// end.
class LauncherStderr {
 public:
  LauncherStderr() {
    const std::string parent = fmt::format("/proc/{}/", ::getppid());
    std::string name;
    std::ifstream(parent + "comm") >> name;
    if (name != "mpirun" && name != "mpiexec" && name != "orterun" && name != "prterun") return;
    descriptor_ = ::open((parent + "fd/2").c_str(), O_WRONLY | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
  }
  LauncherStderr(const LauncherStderr&) = delete;
  LauncherStderr& operator=(const LauncherStderr&) = delete;
  ~LauncherStderr() {
    if (descriptor_ >= 0) ::close(descriptor_);
  }
  [[nodiscard]] int descriptor() const { return descriptor_; }

 private:
  int descriptor_ = -1;
};

std::size_t columns_of(int descriptor) {
  winsize size{};
  if (descriptor < 0 || ::ioctl(descriptor, TIOCGWINSZ, &size) != 0 || size.ws_col == 0) {
    return kUnknownColumns;
  }
  return std::max<std::size_t>(size.ws_col, kFewestColumns);
}

std::string wrapped_line(const std::string& line, std::size_t columns, std::size_t indent) {
  if (width_of(line) <= columns) return line;
  const std::size_t start = std::min(line.find_first_not_of(' '), line.size());
  std::size_t hanging = indent > 0 ? indent : start + 4;
  if (hanging + kFewestColumns > columns) hanging = std::min<std::size_t>(4, columns / 4);
  std::string text;
  std::string current = line.substr(0, start);
  bool empty = true;
  std::size_t at = start;
  while (at < line.size()) {
    // A word with the blanks before it: tables keep their columns as far as they fit.
    const std::size_t word = std::min(line.find_first_not_of(' ', at), line.size());
    const std::size_t end = std::min(line.find(' ', word), line.size());
    const std::string piece = line.substr(at, end - at);
    if (!empty && width_of(current) + width_of(piece) > columns) {
      text += current + '\n';
      current = std::string(hanging, ' ') + line.substr(word, end - word);
    } else {
      current += piece;
    }
    empty = false;
    at = end;
  }
  return text + current;
}

}  // namespace

bool stderr_reaches_terminal() {
  if (::isatty(STDERR_FILENO) != 0) return true;
  const LauncherStderr launcher;
  return launcher.descriptor() >= 0 && ::isatty(launcher.descriptor()) != 0;
}

std::size_t stderr_columns() {
  if (::isatty(STDERR_FILENO) != 0) return columns_of(STDERR_FILENO);
  const LauncherStderr launcher;
  return columns_of(launcher.descriptor());
}

std::size_t stdout_columns(const std::string& said) {
  const long columns = std::strtol(said.c_str(), nullptr, 10);
  return columns > 0 ? std::max(static_cast<std::size_t>(columns), kFewestColumns)
                     : columns_of(STDOUT_FILENO);
}

std::size_t width_of(const std::string& text) {
  return static_cast<std::size_t>(std::count_if(text.begin(), text.end(), [](char c) {
    return (static_cast<unsigned char>(c) & 0xc0U) != 0x80U;
  }));
}

std::string shortened(const std::string& text, std::size_t columns) {
  if (width_of(text) <= columns) return text;
  std::string kept;
  std::size_t width = 0;
  for (const char c : text) {
    if ((static_cast<unsigned char>(c) & 0xc0U) != 0x80U && ++width >= columns) break;
    kept += c;
  }
  return kept + "…";
}

std::string wrapped(const std::string& text, std::size_t columns, std::size_t indent) {
  std::string all;
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) {
    if (!all.empty()) all += '\n';
    all += wrapped_line(line, columns, indent);
  }
  return text.ends_with('\n') ? all + '\n' : all;
}

}  // namespace thalweg
