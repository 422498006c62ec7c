#include <fmt/format.h>

#include <algorithm>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/error.hpp"
#include "data/sample_files.hpp"
#include "data/table_halves.hpp"
#include "data/text_lines.hpp"

namespace thalweg {

namespace {

char separator_of(const std::string& name) {
  if (name == "semicolon") return ';';
  if (name == "tab") return '\t';
  return name == "space" ? ' ' : ',';
}

/// The fields of a line. One may stand in double quotes, with "" for a quote inside. Blanks
/// separate in runs.
std::vector<std::string> fields_of(std::string_view line, char separator, const TextLines& lines) {
  std::vector<std::string> fields;
  if (separator == ' ') {
    for (const auto word : words_of(line)) fields.emplace_back(word);
    return fields;
  }
  std::size_t at = 0;
  while (true) {
    const auto start = std::min(line.find_first_not_of(' ', at), line.size());
    if (start < line.size() && line[start] == '"') {
      std::string field;
      std::size_t k = start + 1;
      for (; k < line.size(); ++k) {
        if (line[k] != '"') {
          field += line[k];
        } else if (k + 1 < line.size() && line[k + 1] == '"') {
          field += line[++k];
        } else {
          break;
        }
      }
      if (k == line.size()) lines.fail("a quote is opened and not closed on the line");
      fields.push_back(std::move(field));
      at = std::min(line.find(separator, k), line.size());
      if (!trimmed(line.substr(k + 1, at - k - 1)).empty()) {
        lines.fail(fmt::format("found {} after a closing quote, expected the separator",
                               quoted(trimmed(line.substr(k + 1, at - k - 1)))));
      }
    } else {
      const auto end = std::min(line.find(separator, at), line.size());
      fields.emplace_back(trimmed(line.substr(at, end - at)));
      at = end;
    }
    if (at == line.size()) return fields;
    ++at;
  }
}

/// Which column holds the labels: a name of the header, or a number.
std::size_t label_column(const DataOptions& options, const std::vector<std::string>& header,
                         std::size_t columns, const TextLines& lines) {
  const auto named = std::find(header.begin(), header.end(), options.label_column);
  if (named != header.end()) {
    if (std::find(named + 1, header.end(), options.label_column) != header.end()) {
      lines.fail(fmt::format("[data] label_column: two columns are named {}",
                             quoted(options.label_column)));
    }
    return static_cast<std::size_t>(named - header.begin());
  }
  const auto count = static_cast<std::int64_t>(columns);
  const auto number = integer_of(options.label_column);
  if (!number || *number < -count || *number >= count) {
    lines.fail(fmt::format("[data] label_column: found {}, expected {}a number from {} to {}",
                           quoted(options.label_column),
                           header.empty() ? "" : "a name of the header or ", -count, count - 1));
  }
  return static_cast<std::size_t>(*number < 0 ? *number + count : *number);
}

bool is_header(const std::vector<std::string>& fields, const DataOptions& options) {
  if (options.header != "auto") return options.header == "yes";
  // One field may be a label, which is a text in files without a header too.
  const auto texts = std::count_if(fields.begin(), fields.end(),
                                   [](const auto& field) { return !number_of(field); });
  const bool names_label =
      !number_of(options.label_column) &&
      std::find(fields.begin(), fields.end(), options.label_column) != fields.end();
  return texts > 1 || names_label;
}

TableRows read_rows(const std::string& path, const DataOptions& options) {
  TextLines lines(path);
  TableRows rows;
  rows.path = path;
  const char separator = separator_of(options.separator);
  std::vector<std::string> header;
  std::size_t columns = 0;
  std::size_t label = 0;
  while (const auto line = lines.next()) {
    auto fields = fields_of(*line, separator, lines);
    if (columns == 0) {
      columns = fields.size();
      if (columns < 2) {
        lines.fail(
            fmt::format("found one column, expected features and a label with separator "
                        "\"{}\" between them",
                        options.separator));
      }
      const bool named = is_header(fields, options);
      if (named) header = fields;
      label = label_column(options, header, columns, lines);
      if (named) continue;
    }
    if (fields.size() != columns) {
      lines.fail(
          fmt::format("found {} fields, expected {} as in the first line", fields.size(), columns));
    }
    if (fields[label].empty()) lines.fail(fmt::format("column {}: the label is empty", label));
    for (std::size_t j = 0; j < columns; ++j) {
      if (j == label) continue;
      const std::string what = header.empty() ? fmt::format("column {}", j)
                                              : fmt::format("column {} ({})", j, header[j]);
      rows.numbers.push_back(finite_number(fields[j], what, lines));
    }
    rows.labels.push_back(std::move(fields[label]));
    rows.lines.push_back(lines.number());
  }
  if (rows.labels.empty()) throw ConfigurationError(path + ": there are no samples");
  rows.features = static_cast<std::int64_t>(columns) - 1;
  return rows;
}

}  // namespace

SampleHalves read_csv(const DataOptions& options) {
  TableRows train = read_rows(options.path, options);
  TableRows test;
  if (!options.test_path.empty()) {
    test = read_rows(options.test_path, options);
    if (test.features != train.features) {
      throw ConfigurationError(fmt::format("{}: found {} features, expected {} as in {}", test.path,
                                           test.features, train.features, train.path));
    }
  }
  return table_halves(std::move(train), std::move(test), options);
}

}  // namespace thalweg
