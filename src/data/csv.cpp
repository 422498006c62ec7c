#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "base/error.hpp"
#include "data/csv_header.hpp"
#include "data/fields.hpp"
#include "data/sample_files.hpp"
#include "data/table_halves.hpp"
#include "data/text_lines.hpp"

namespace thalweg {

namespace {

std::string csv_separator(const std::string& name) {
  if (name == "semicolon") return ";";
  if (name == "tab") return "\t";
  return name == "space" ? " " : ",";
}

/// A file's rows and what its first line was.
struct CsvTable {
  TableRows rows;
  std::vector<std::string> header;
  std::string notice;
};

/// The column of this name, if there is one.
std::optional<std::size_t> column_named(const std::string& name,
                                        const std::vector<std::string>& header,
                                        const TextLines& lines) {
  const auto named = std::find(header.begin(), header.end(), name);
  if (named == header.end()) return std::nullopt;
  if (std::find(named + 1, header.end(), name) != header.end()) {
    lines.fail(fmt::format("[data] label_column: two columns are named {}", quotation(name)));
  }
  return static_cast<std::size_t>(named - header.begin());
}

/// The column that a choice means as a number, if it does.
std::optional<std::size_t> column_numbered(const ColumnChoice& choice, std::size_t columns) {
  const auto count = static_cast<std::int64_t>(columns);
  const auto* text = std::get_if<std::string>(&choice);
  const auto number = text != nullptr ? integer_of(*text) : std::get<std::int64_t>(choice);
  if (!number || *number < -count || *number >= count) return std::nullopt;
  return static_cast<std::size_t>(*number < 0 ? *number + count : *number);
}

/// Which column holds the labels: a name of the header, or a number.
std::size_t label_column(const ColumnChoice& choice, const std::vector<std::string>& header,
                         std::size_t columns, const TextLines& lines) {
  const auto* text = std::get_if<std::string>(&choice);
  const auto named = text != nullptr ? column_named(*text, header, lines) : std::nullopt;
  if (named) return *named;
  if (const auto numbered = column_numbered(choice, columns)) return *numbered;
  const auto count = static_cast<std::int64_t>(columns);
  lines.fail(fmt::format(
      "[data] label_column: found {}, expected {}a number from {} to {}",
      text != nullptr ? quotation(*text) : fmt::format("{}", std::get<std::int64_t>(choice)),
      header.empty() ? "" : "a name of the header or ", -count, count - 1));
}

/// Is the first line, behind which `lines` stands, a header? `before` is the file read before.
FirstLine first_line(const std::vector<std::string>& fields, const DataOptions& options,
                     const std::string& separator, const CsvTable& before, TextLines& lines) {
  if (options.header != "auto") return {options.header == "yes", ""};
  const auto* name = std::get_if<std::string>(&options.label_column);
  const bool names_label = name != nullptr && !column_numbered(*name, fields.size()) &&
                           std::find(fields.begin(), fields.end(), *name) != fields.end();
  if (has_names(fields) || names_label || fields == before.header) return {true, ""};
  const std::size_t label = label_column(options.label_column, {}, fields.size(), lines);
  return judge_first_line(fields, label, separator,
                          {before.rows.labels.begin(), before.rows.labels.end()}, lines);
}

CsvTable read_table(const std::string& path, const DataOptions& options, const CsvTable& before) {
  TextLines lines(path);
  CsvTable table;
  TableRows& rows = table.rows;
  rows.path = path;
  const std::string separator = csv_separator(options.separator);
  std::vector<std::string> fields;
  std::size_t columns = 0;
  std::size_t label = 0;
  while (const auto line = lines.next()) {
    cut_fields(*line, separator, lines, fields);
    if (columns == 0) {
      columns = fields.size();
      if (columns < 2) {
        lines.fail(
            fmt::format("found one column, expected features and a label with separator "
                        "\"{}\" between them",
                        options.separator));
      }
      auto first = first_line(fields, options, separator, before, lines);
      table.notice = std::move(first.notice);
      if (first.is_header) table.header = fields;
      label = label_column(options.label_column, table.header, columns, lines);
      if (first.is_header) continue;
    }
    if (fields.size() != columns) {
      lines.fail(
          fmt::format("found {} fields, expected {} as in the first line", fields.size(), columns));
    }
    if (fields[label].empty()) lines.fail(fmt::format("column {}: the label is empty", label));
    const bool guessed = options.header == "auto" && table.header.empty() && rows.labels.empty();
    for (std::size_t j = 0; j < columns; ++j) {
      if (j == label) continue;
      std::string what = table.header.empty() ? fmt::format("column {}", j)
                                              : fmt::format("column {} ({})", j, table.header[j]);
      if (guessed)
        what += ", in a first line taken as a sample for want of [data] header = \"yes\"";
      rows.numbers.push_back(finite_number(fields[j], what, lines));
    }
    rows.labels.push_back(fields[label]);
    rows.lines.push_back(lines.number());
  }
  if (rows.labels.empty()) throw ConfigurationError(path + ": there are no samples");
  rows.features = static_cast<std::int64_t>(columns) - 1;
  return table;
}

}  // namespace

SampleHalves read_csv(const DataOptions& options) {
  CsvTable train = read_table(options.path, options, {});
  CsvTable test;
  if (!options.test_path.empty()) {
    test = read_table(options.test_path, options, train);
    if (test.rows.features != train.rows.features) {
      throw ConfigurationError(fmt::format("{}: found {} features, expected {} as in {}",
                                           test.rows.path, test.rows.features, train.rows.features,
                                           train.rows.path));
    }
  }
  auto halves = table_halves(std::move(train.rows), std::move(test.rows), options);
  for (auto& notice : {train.notice, test.notice}) {
    if (!notice.empty()) halves.notices.push_back(notice);
  }
  return halves;
}

}  // namespace thalweg
