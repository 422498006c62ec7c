#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace thalweg {

/// The lines of a text file, plain or .gz, held whole; Windows line ends and a byte-order mark are
/// taken off, empty lines are passed over. Local.
class TextLines {
 public:
  /// Throws ConfigurationError for a file that is missing, empty, damaged or not text.
  explicit TextLines(const std::string& path);

  /// The next line that is not blank, or nothing at the end. Valid as long as this is.
  std::optional<std::string_view> next();
  /// Number, from 1, of the line that next() gave last.
  [[nodiscard]] std::int64_t number() const { return number_; }
  [[nodiscard]] const std::string& path() const { return path_; }
  /// Where next() goes on, to come back to.
  struct Place {
    std::size_t position = 0;
    std::int64_t number = 0;
  };
  [[nodiscard]] Place place() const { return {position_, number_}; }
  void rewind(const Place& place);
  /// Throws ConfigurationError "PATH:LINE: message".
  [[noreturn]] void fail(const std::string& message) const;

 private:
  std::string path_;
  std::string text_;
  std::size_t position_ = 0;
  std::int64_t number_ = 0;
};

/// A text without blanks, tabs and carriage returns at its ends. Local.
std::string_view trimmed(std::string_view text);
/// The words between blanks and tabs. Local.
std::vector<std::string_view> words_of(std::string_view line);
/// The number that the whole of `text` is, whatever the locale; nothing if it is none. What is too
/// small for a double is 0, what is too large infinite, each with its sign, as in IEEE 754 and
/// other readers. NaN and infinities are numbers here. Local.
std::optional<double> number_of(std::string_view text);
/// The same for an integer; "3.0" is one. Local.
std::optional<std::int64_t> integer_of(std::string_view text);
/// A text for a message: quoted and cut after 40 characters. Local.
std::string quotation(std::string_view text);

/// A finite number of a field, or ConfigurationError naming the line and `what`; one that overflows
/// is refused as such. Local.
double finite_number(std::string_view text, const std::string& what, const TextLines& lines);

}  // namespace thalweg
