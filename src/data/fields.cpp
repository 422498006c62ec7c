#include "data/fields.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace thalweg {

namespace {

/// Appends what the quotes that open at `open` hold; returns the place behind those that close.
std::size_t append_quoted(std::string_view line, std::size_t open, const TextLines& lines,
                          std::vector<std::string>& fields) {
  auto& field = fields.emplace_back();
  for (std::size_t k = open + 1; k < line.size(); ++k) {
    if (line[k] != '"') {
      field += line[k];
    } else if (k + 1 < line.size() && line[k + 1] == '"') {
      field += line[++k];
    } else {
      return k + 1;
    }
  }
  lines.fail("a quote is opened and not closed on the line");
}

void refuse_behind_quotes(std::string_view rest, const TextLines& lines) {
  if (rest.empty()) return;
  lines.fail(
      fmt::format("found {} after a closing quote, expected the separator", quotation(rest)));
}

void cut_words(std::string_view line, const TextLines& lines, std::vector<std::string>& fields) {
  constexpr const char* blanks = " \t\r";
  for (auto at = line.find_first_not_of(blanks); at != std::string_view::npos;) {
    const bool in_quotes = line[at] == '"';
    const auto from = in_quotes ? append_quoted(line, at, lines, fields) : at;
    const auto end = std::min(line.find_first_of(blanks, from), line.size());
    if (in_quotes) {
      refuse_behind_quotes(line.substr(from, end - from), lines);
    } else {
      fields.emplace_back(line.substr(at, end - at));
    }
    at = line.find_first_not_of(blanks, end);
  }
}

}  // namespace

void cut_fields(std::string_view line, std::string_view separator, const TextLines& lines,
                std::vector<std::string>& fields) {
  fields.clear();
  if (separator == " ") {
    cut_words(line, lines, fields);
    return;
  }
  for (std::size_t at = 0;; at += separator.size()) {
    const auto start = std::min(line.find_first_not_of(' ', at), line.size());
    const bool in_quotes = start < line.size() && line[start] == '"';
    const auto from = in_quotes ? append_quoted(line, start, lines, fields) : at;
    const auto end = std::min(line.find(separator, from), line.size());
    const auto text = trimmed(line.substr(from, end - from));
    if (in_quotes) {
      refuse_behind_quotes(text, lines);
    } else {
      fields.emplace_back(text);
    }
    if (end == line.size()) return;
    at = end;
  }
}

std::vector<std::string> fields_of(std::string_view line, std::string_view separator,
                                   const TextLines& lines) {
  std::vector<std::string> fields;
  cut_fields(line, separator, lines, fields);
  return fields;
}

}  // namespace thalweg
