#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <string>
#include <utility>
#include <vector>

#include "records/schema.hpp"
#include "studies/trajectories/run_summary.hpp"

namespace thalweg {

namespace {

/// One column of the table: of /summary, under a label.
struct Shown {
  std::string name;
  std::string label;
};

constexpr const char* kLambda = "lambda max";

/// Rows of the summary that become one row of the table.
struct TableRow {
  std::string name;
  std::vector<std::size_t> runs;
};

const std::vector<std::string>& texts(const Record& study, const char* column) {
  return std::get<std::vector<std::string>>(
      study.arrays.at(std::string("/summary/") + column).values);
}

const std::vector<double>& numbers(const Record& study, const std::string& column) {
  return std::get<std::vector<double>>(study.arrays.at("/summary/" + column).values);
}

std::vector<Shown> shown_columns(const Record& study) {
  std::vector<Shown> shown{{"batch_size", "batch"},      {"step", "steps"},
                           {"train_loss", "train loss"}, {"train_accuracy", "train acc"},
                           {"test_loss", "test loss"},   {"test_accuracy", "test acc"},
                           {"gradient_norm", "|g|"}};
  for (const auto& [path, array] : study.arrays) {
    const std::string prefix = "/summary/";
    if (!path.starts_with(prefix)) continue;
    const std::string name = path.substr(prefix.size());
    const auto dot = name.rfind('.');
    if (dot == std::string::npos) continue;
    if (name.substr(dot) == ".lambda_max") shown.push_back({name, kLambda});
    if (name.substr(dot) == ".sharpness") shown.push_back({name, name.substr(0, dot)});
  }
  const auto is_lambda = [](const Shown& column) { return column.label == kLambda; };
  if (std::count_if(shown.begin(), shown.end(), is_lambda) < 2) return shown;
  for (auto& column : shown) {
    if (is_lambda(column)) column.label = column.name.substr(0, column.name.rfind('.')) + " λ_max";
  }
  return shown;
}

/// A probe's value whose own check failed in that row.
bool is_doubtful(const Record& study, const std::string& column, std::size_t row) {
  const auto dot = column.find('.');
  if (dot == std::string::npos) return false;
  const auto found = study.arrays.find("/summary/" + column.substr(0, dot) + ".converged");
  return found != study.arrays.end() &&
         std::get<std::vector<double>>(found->second.values)[row] == 0.0;
}

/// The table's rows: runs, or groups where one of them has several runs.
std::vector<TableRow> table_rows(const Record& study) {
  const auto& names = texts(study, "run");
  const auto& groups = texts(study, "group");
  std::vector<TableRow> by_group;
  for (std::size_t run = 0; run < names.size(); ++run) {
    const auto found = std::find_if(by_group.begin(), by_group.end(),
                                    [&](const TableRow& row) { return row.name == groups[run]; });
    if (found == by_group.end()) {
      by_group.push_back({groups[run], {run}});
    } else {
      found->runs.push_back(run);
    }
  }
  if (by_group.size() < names.size()) return by_group;
  std::vector<TableRow> by_run;
  for (std::size_t run = 0; run < names.size(); ++run) by_run.push_back({names[run], {run}});
  return by_run;
}

/// A value, or mean ± standard deviation (n − 1) over the runs that have one.
std::string cell(const Record& study, const std::string& column, const TableRow& row) {
  const auto& values = numbers(study, column);
  const auto& status = texts(study, "status");
  std::vector<double> there;
  bool doubtful = false;
  for (const auto run : row.runs) {
    if (row.runs.size() > 1 && status[run] == kDiverged) continue;
    if (std::isnan(values[run])) continue;
    there.push_back(values[run]);
    doubtful = doubtful || is_doubtful(study, column, run);
  }
  if (there.empty()) return "-";
  const bool equal = std::equal(there.begin() + 1, there.end(), there.begin());
  std::string text = fmt::format("{:.5g}", there.front());
  if (!equal) {
    double mean = 0.0;
    for (const double value : there) mean += value / static_cast<double>(there.size());
    double square = 0.0;
    for (const double value : there) square += (value - mean) * (value - mean);
    text = fmt::format("{:.4g} ± {:.2g}", mean,
                       std::sqrt(square / static_cast<double>(there.size() - 1)));
  }
  return text + (doubtful ? "?" : "");
}

/// "finished", or "2 finished, 1 diverged".
std::string status_text(const Record& study, const TableRow& row) {
  const auto& status = texts(study, "status");
  if (row.runs.size() == 1) return status[row.runs.front()];
  std::vector<std::pair<std::string, int>> counts;
  for (const auto run : row.runs) {
    const auto found = std::find_if(counts.begin(), counts.end(),
                                    [&](const auto& count) { return count.first == status[run]; });
    if (found == counts.end()) {
      counts.emplace_back(status[run], 1);
    } else {
      ++found->second;
    }
  }
  std::string text;
  for (const auto& [name, count] : counts) {
    text += fmt::format("{}{} {}", text.empty() ? "" : ", ", count, name);
  }
  return text;
}

/// Columns on a terminal: UTF-8 bytes but for those that continue a character.
std::size_t width_of(const std::string& text) {
  return static_cast<std::size_t>(std::count_if(text.begin(), text.end(), [](char c) {
    return (static_cast<unsigned char>(c) >> 6U) != 2U;
  }));
}

}  // namespace

std::string summary_table(const Record& study) {
  const auto rows = table_rows(study);
  const bool grouped = rows.size() < texts(study, "run").size();
  std::vector<std::vector<std::string>> columns(1);
  columns[0].emplace_back(grouped ? "group" : "run");
  for (const auto& row : rows) columns[0].push_back(row.name);
  for (const auto& shown : shown_columns(study)) {
    auto& column = columns.emplace_back();
    column.push_back(shown.label);
    for (const auto& row : rows) column.push_back(cell(study, shown.name, row));
  }
  std::string table;
  bool doubtful = false;
  for (std::size_t line = 0; line <= rows.size(); ++line) {
    for (std::size_t c = 0; c < columns.size(); ++c) {
      std::size_t width = c == 0 ? 3 : 10;
      for (const auto& text : columns[c]) width = std::max(width, width_of(text));
      const std::string& text = columns[c][line];
      const std::string gap(width - width_of(text), ' ');
      table += c == 0 ? fmt::format("{}{}", text, gap) : fmt::format("  {}{}", gap, text);
      doubtful = doubtful || (line > 0 && c > 0 && text.ends_with('?'));
    }
    table += fmt::format("  {}\n", line == 0 ? "status" : status_text(study, rows[line - 1]));
  }
  if (grouped) table += "mean ± standard deviation over seeds\n";
  if (doubtful)
    table +=
        "? not converged to its tolerance, or by its starts: see the record's residuals and "
        "climbs\n";
  return table;
}

}  // namespace thalweg
