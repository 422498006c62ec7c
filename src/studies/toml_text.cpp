#include "studies/toml_text.hpp"

#include <algorithm>

namespace thalweg {

namespace {

/// The place behind the string that begins at `at`; of one that does not end, behind its line or
/// the text.
std::size_t behind_string(std::string_view text, std::size_t at) {
  const char quote = text[at];
  const bool escapes = quote == '"';
  const std::string_view three = text.substr(at, 3);
  const bool long_form = three.size() == 3 && three[1] == quote && three[2] == quote;
  const std::string_view end = long_form ? three : three.substr(0, 1);
  for (at += end.size(); at < text.size(); ++at) {
    if (text[at] == '\\' && escapes) {
      ++at;
    } else if (text[at] == '\n' && !long_form) {
      return at;
    } else if (text.substr(at, end.size()) == end) {
      at += end.size();
      // Up to two quotes more belong to a long string.
      for (int more = 0; long_form && more < 2 && at < text.size() && text[at] == quote; ++more)
        ++at;
      return at;
    }
  }
  return text.size();
}

}  // namespace

std::optional<std::size_t> stray_byte(std::string_view text) {
  constexpr std::string_view byte_order_mark = "\xef\xbb\xbf";
  std::size_t at = text.starts_with(byte_order_mark) ? byte_order_mark.size() : 0;
  while (at < text.size()) {
    if (text[at] == '#') {
      at = std::min(text.find('\n', at), text.size());
    } else if (text[at] == '"' || text[at] == '\'') {
      at = behind_string(text, at);
    } else if (static_cast<unsigned char>(text[at]) >= 0x80U) {
      return at;
    } else {
      ++at;
    }
  }
  return std::nullopt;
}

}  // namespace thalweg
