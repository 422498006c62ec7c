#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <string_view>

#include "base/error.hpp"
#include "support/scratch.hpp"

namespace thalweg::fuzzing {

/// What a fuzzer hands over, taken apart from its beginning: choices are bytes, parts end at a line
/// "%%" or at the end.
class Input {
 public:
  Input(const std::uint8_t* data, std::size_t size)
      : rest_(reinterpret_cast<const char*>(data), size) {}

  /// 0 when nothing is left.
  std::uint8_t choice() {
    if (rest_.empty()) return 0;
    const char byte = rest_.front();
    rest_.remove_prefix(1);
    return static_cast<std::uint8_t>(byte);
  }

  std::string_view part() {
    constexpr std::string_view end = "\n%%\n";
    const auto at = rest_.find(end);
    const std::string_view found = rest_.substr(0, at);
    rest_.remove_prefix(at == std::string_view::npos ? rest_.size() : at + end.size());
    return found;
  }

  std::string_view rest() const { return rest_; }

 private:
  std::string_view rest_;
};

/// A folder for the files of one process's inputs, removed when it ends.
inline const testing_support::Scratch& folder() {
  static const testing_support::Scratch scratch;
  return scratch;
}

/// Writes a file into the folder and returns its path.
inline std::string write_file(const std::string& name, std::string_view bytes) {
  const std::string path = folder().file(name);
  std::filesystem::create_directories(std::filesystem::path(path).parent_path());
  std::ofstream file(path, std::ios::binary | std::ios::trunc);
  file.write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
  return path;
}

inline std::string read_file(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

/// Whether the action accepts what it is given. An Error is the right answer to bad input; any
/// other exception ends the process, which the fuzzer reports.
template <class Action>
bool accepted(Action action) {
  try {
    action();
    return true;
  } catch (const Error&) {
    return false;
  }
}

/// A property that holds for every input; the fuzzer reports where it does not.
inline void require(bool holds) {
  if (!holds) __builtin_trap();
}

}  // namespace thalweg::fuzzing
