#include "data/text_lines.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <limits>
#include <type_traits>

#include "base/error.hpp"
#include "data/byte_file.hpp"

namespace thalweg {

TextLines::TextLines(const std::string& path) : path_(path) {
  text_ = ByteFile(path).read_rest();
  if (text_.starts_with("\xef\xbb\xbf")) position_ = 3;
  const auto zero = text_.find('\0');
  if (zero != std::string::npos) {
    throw ConfigurationError(fmt::format("{}: byte {} is 0, expected text", path_, zero));
  }
}

void TextLines::fail(const std::string& message) const {
  throw ConfigurationError(fmt::format("{}:{}: {}", path_, number_, message));
}

std::optional<std::string_view> TextLines::next() {
  while (position_ < text_.size()) {
    const auto end = std::min(text_.find('\n', position_), text_.size());
    std::string_view line(text_.data() + position_, end - position_);
    position_ = end + 1;
    ++number_;
    if (line.ends_with('\r')) line.remove_suffix(1);
    if (!trimmed(line).empty()) return line;
  }
  return std::nullopt;
}

void TextLines::rewind(const Place& place) {
  position_ = place.position;
  number_ = place.number;
}

std::string_view trimmed(std::string_view text) {
  const auto first = text.find_first_not_of(" \t\r");
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(" \t\r") - first + 1);
}

std::vector<std::string_view> words_of(std::string_view line) {
  std::vector<std::string_view> words;
  for (std::size_t begin = line.find_first_not_of(" \t\r"); begin != std::string_view::npos;) {
    const auto end = std::min(line.find_first_of(" \t\r", begin), line.size());
    words.push_back(line.substr(begin, end - begin));
    begin = line.find_first_not_of(" \t\r", end);
  }
  return words;
}

namespace {

/// Of a decimal number that no double can hold: is it too small, and not too large? The position of
/// its first digit that counts tells, which is some hundred places from the point either way.
bool is_tiny(std::string_view text) {
  const auto mark = std::min(text.find_first_of("eE"), text.size());
  const auto mantissa = text.substr(0, mark);
  auto digits = text.substr(std::min(mark + 1, text.size()));
  if (digits.starts_with('+')) digits.remove_prefix(1);
  const auto first = mantissa.find_first_of("123456789");
  if (first == std::string_view::npos) return true;
  std::int64_t exponent = 0;
  const auto parse = std::from_chars(digits.data(), digits.data() + digits.size(), exponent);
  if (parse.ec == std::errc::result_out_of_range) return digits.starts_with('-');
  const auto point = std::min(mantissa.find('.'), mantissa.size());
  // As doubles: their sum may leave the range of integers, its sign does not.
  return static_cast<double>(exponent) + static_cast<double>(point) < static_cast<double>(first);
}

template <class Number>
std::optional<Number> parsed(std::string_view text) {
  // from_chars knows no plus sign; after one, a minus is still no number.
  if (text.starts_with('+')) {
    text.remove_prefix(1);
    if (text.starts_with('-')) return std::nullopt;
  }
  Number value{};
  const auto [stop, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (stop != text.data() + text.size()) return std::nullopt;
  if (error == std::errc()) return value;
  if constexpr (std::is_same_v<Number, double>) {
    if (error != std::errc::result_out_of_range) return std::nullopt;
    const double size = is_tiny(text) ? 0.0 : std::numeric_limits<double>::infinity();
    return text.starts_with('-') ? -size : size;
  }
  return std::nullopt;
}

}  // namespace

std::optional<double> number_of(std::string_view text) {
  return parsed<double>(text);
}

std::optional<std::int64_t> integer_of(std::string_view text) {
  if (const auto whole = parsed<std::int64_t>(text)) return whole;
  constexpr double exact = 9007199254740992.0;  // 2⁵³
  const auto number = number_of(text);
  if (!number || !(std::abs(*number) <= exact) || *number != std::floor(*number)) {
    return std::nullopt;
  }
  return static_cast<std::int64_t>(*number);
}

std::string quotation(std::string_view text) {
  constexpr std::size_t longest = 40;
  return text.size() <= longest ? fmt::format("\"{}\"", text)
                                : fmt::format("\"{}...\"", text.substr(0, longest));
}

double finite_number(std::string_view text, const std::string& what, const TextLines& lines) {
  const auto number = number_of(text);
  if (!number) {
    lines.fail(fmt::format("{}: found {}, expected a number", what,
                           text.empty() ? std::string("nothing") : quotation(text)));
  }
  if (std::isinf(*number) && text.find_first_of("0123456789") != std::string_view::npos) {
    lines.fail(fmt::format("{}: found {}, which overflows: expected a number of at most 1.8e308",
                           what, quotation(text)));
  }
  if (!std::isfinite(*number)) {
    lines.fail(fmt::format("{}: found {}, expected a finite number", what, quotation(text)));
  }
  return *number;
}

}  // namespace thalweg
