#pragma once

#include <fmt/format.h>

#include <cmath>
#include <cstdint>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include "base/error.hpp"

namespace thalweg {

/// The words of a short line such as "conv 64 5 stride 2", taken off from the front. Errors quote
/// the line.
class Words {
 public:
  explicit Words(std::string line) : line_(std::move(line)) {
    std::istringstream stream(line_);
    for (std::string word; stream >> word;) words_.push_back(word);
  }
  [[noreturn]] void fail(const std::string& why) const {
    throw Error(fmt::format(R"("{}": {})", line_, why));
  }
  [[nodiscard]] bool done() const { return next_ == words_.size(); }
  std::string word() {
    if (done()) fail("a word is missing");
    return words_[next_++];
  }
  /// A whole number up to 999999.
  std::int64_t number(const char* what) {
    if (done()) fail(fmt::format("expected a number for {}", what));
    const std::string text = word();
    if (text.empty() || text.size() > 6 ||
        text.find_first_not_of("0123456789") != std::string::npos) {
      fail(fmt::format("found '{}', expected a number up to 999999 for {}", text, what));
    }
    return std::stoll(text);
  }
  /// A finite number.
  double real(const char* what) {
    if (done()) fail(fmt::format("expected a number for {}", what));
    const std::string text = word();
    std::istringstream stream(text);
    double value = 0.0;
    if (!(stream >> value) || stream.peek() != EOF || !std::isfinite(value)) {
      fail(fmt::format("found '{}', expected a number for {}", text, what));
    }
    return value;
  }
  /// Takes the next word if it is this one.
  bool take(const char* wanted) {
    if (done() || words_[next_] != wanted) return false;
    ++next_;
    return true;
  }
  void expect_end() const {
    if (!done()) fail(fmt::format("'{}' is not understood", words_[next_]));
  }

 private:
  std::string line_;
  std::vector<std::string> words_;
  std::size_t next_ = 0;
};

}  // namespace thalweg
