#include "studies/trajectories/summary_table.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <string>
#include <utility>
#include <vector>

#include "base/terminal.hpp"
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
  std::vector<Shown> shown{{"batch_size", "batch"},
                           {"step", "steps"},
                           {"train_loss", "train loss"},
                           {"train_accuracy", "train acc"},
                           {"test_loss", "test loss"},
                           {"test_accuracy", "test acc"},
                           {"loss", "loss"},
                           {"gradient_norm", "|g|"}};
  std::erase_if(shown, [&](const Shown& column) {
    return !study.arrays.contains("/summary/" + column.name);
  });
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

/// Cells under each other, the first of each column its heading: the first column on the left, the
/// others to the right of their widths.
struct CellColumn {
  std::vector<std::string> cells;
  std::size_t width = 0;
};

CellColumn cell_column(std::vector<std::string> cells, std::size_t at_least) {
  CellColumn column{std::move(cells), at_least};
  for (const auto& text : column.cells) column.width = std::max(column.width, width_of(text));
  return column;
}

/// The columns below each other in as many blocks as the width asks for, each with the rows' names.
std::string in_blocks(const CellColumn& names, const std::vector<CellColumn>& columns,
                      std::size_t width) {
  std::string table;
  for (std::size_t first = 0; first < columns.size();) {
    std::size_t last = first;
    for (std::size_t used = names.width; last < columns.size(); ++last) {
      used += 2 + columns[last].width;
      if (used > width && last > first) break;
    }
    if (first > 0) table += '\n';
    for (std::size_t line = 0; line < names.cells.size(); ++line) {
      std::string text = names.cells[line];
      text += std::string(names.width - width_of(text), ' ');
      for (std::size_t c = first; c < last; ++c) {
        const std::string& cell = columns[c].cells[line];
        text += "  " + std::string(columns[c].width - width_of(cell), ' ') + cell;
      }
      table += text + '\n';
    }
    first = last;
  }
  return table;
}

}  // namespace

std::string summary_table(const Record& study, std::size_t width) {
  const auto rows = table_rows(study);
  const bool grouped = rows.size() < texts(study, "run").size();
  constexpr std::size_t least_of_names = 3;
  constexpr std::size_t least_of_numbers = 10;
  std::vector<std::string> names{grouped ? "group" : "run"};
  std::vector<std::string> states{"status"};
  for (const auto& row : rows) {
    names.push_back(row.name);
    states.push_back(status_text(study, row));
  }
  std::vector<CellColumn> columns;
  bool doubtful = false;
  for (const auto& shown : shown_columns(study)) {
    std::vector<std::string> cells{shown.label};
    for (const auto& row : rows) {
      cells.push_back(cell(study, shown.name, row));
      doubtful = doubtful || cells.back().ends_with('?');
    }
    columns.push_back(cell_column(std::move(cells), least_of_numbers));
  }
  columns.push_back(cell_column(std::move(states), 0));
  std::string table = in_blocks(cell_column(std::move(names), least_of_names), columns, width);
  if (grouped) table += "mean ± standard deviation over seeds\n";
  if (doubtful) {
    table += "? not converged to its tolerance, or by its starts: see residuals, climbs\n";
  }
  return table;
}

}  // namespace thalweg
