#include "app/show_table.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <iterator>
#include <numeric>

#include "base/error.hpp"
#include "base/terminal.hpp"
#include "settings/node.hpp"

namespace thalweg {

namespace {

constexpr std::int64_t kEnds = 3;  ///< rows shown of either end

std::string name_of(const std::string& path) {
  return path.substr(path.rfind('/') + 1);
}

/// What a person looks for first; of a probe's values those that are no error, check or count.
std::size_t importance(const std::string& name) {
  static const std::vector<std::string> first{
      "run",           "group",           "seed",           "step",
      "epoch",         "status",          "train_loss",     "test_loss",
      "test_accuracy", "validation_loss", "train_accuracy", "validation_accuracy",
      "batch_size",    "learning_rate"};
  const auto found = std::find(first.begin(), first.end(), name);
  if (found != first.end()) return static_cast<std::size_t>(found - first.begin());
  const auto ends_with = [&](const char* end) { return name.ends_with(end); };
  if (ends_with("_valid") || name == "elapsed_s") return first.size() + 3;
  if (ends_with("_error") || ends_with("_residual") || ends_with(".converged") ||
      ends_with(".certified") || ends_with(".products")) {
    return first.size() + 2;
  }
  return first.size() + (name.find('.') != std::string::npos ? 0 : 1);
}

/// Rows in ascending order of a column; what is no number comes last.
std::vector<std::size_t> order_of(const ArrayValues& values) {
  return std::visit(
      [](const auto& v) {
        using T = typename std::decay_t<decltype(v)>::value_type;
        std::vector<std::size_t> order(v.size());
        std::iota(order.begin(), order.end(), std::size_t{0});
        std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
          if constexpr (std::is_floating_point_v<T>) {
            if (std::isnan(v[a]) || std::isnan(v[b])) return !std::isnan(v[a]) && std::isnan(v[b]);
          }
          return v[a] < v[b];
        });
        return order;
      },
      values);
}

/// The cells of the rows shown, an "⋮" between the ends.
std::vector<std::string> shown_cells(const RecordFile& file, const std::string& path,
                                     const std::vector<std::size_t>& order, std::int64_t rows,
                                     bool whole) {
  const std::int64_t length = file.arrays().at(path).what.shape.front();
  std::vector<std::string> column;
  if (!order.empty()) {
    const auto all = cells(file.read_rows(path, 0, length));
    for (const auto row : order) column.push_back(row < all.size() ? all[row] : std::string());
    if (!whole) {
      column.erase(column.begin() + kEnds, column.end() - kEnds);
      column.insert(column.begin() + kEnds, "⋮");
    }
    return column;
  }
  if (whole) {
    column = cells(file.read_rows(path, 0, length));
    column.resize(static_cast<std::size_t>(rows));
    return column;
  }
  column = cells(file.read_rows(path, 0, std::min(length, kEnds)));
  column.resize(static_cast<std::size_t>(kEnds));
  column.emplace_back("⋮");
  const auto last = cells(file.read_rows(path, std::max<std::int64_t>(0, length - kEnds), length));
  column.insert(column.end(), last.begin(), last.end());
  column.resize(static_cast<std::size_t>(2 * kEnds + 1));
  return column;
}

}  // namespace

std::string aligned(const TextTable& table) {
  std::vector<std::size_t> widths;
  for (const auto& row : table) {
    widths.resize(std::max(widths.size(), row.size()), 0);
    for (std::size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], width_of(row[i]));
  }
  std::string text;
  for (const auto& row : table) {
    text += ' ';
    for (std::size_t i = 0; i < row.size(); ++i) {
      text += fmt::format(" {}{}", std::string(widths[i] - width_of(row[i]), ' '), row[i]);
    }
    text += '\n';
  }
  return text;
}

std::string described(const TextTable& table, std::size_t width) {
  std::vector<std::size_t> widths;
  for (const auto& row : table) {
    widths.resize(std::max(widths.size(), row.size()), 0);
    for (std::size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], width_of(row[i]));
  }
  const std::size_t before =
      widths.empty() ? 0 : std::accumulate(widths.begin(), widths.end() - 1, widths.size() + 1);
  std::string text;
  for (const auto& row : table) {
    std::string line = " ";
    for (std::size_t i = 0; i < row.size(); ++i) {
      line += ' ' + row[i];
      if (i + 1 < row.size()) line += std::string(widths[i] - width_of(row[i]), ' ');
    }
    line.erase(line.find_last_not_of(' ') + 1);
    text += wrapped(line, width, before) + '\n';
  }
  return text;
}

std::vector<std::string> cells(const ArrayValues& values) {
  std::vector<std::string> texts;
  std::visit(
      [&](const auto& v) {
        using T = typename std::decay_t<decltype(v)>::value_type;
        for (const auto& value : v) {
          if constexpr (std::is_floating_point_v<T>) {
            texts.push_back(fmt::format("{:.6g}", value));
          } else {
            texts.push_back(fmt::format("{}", value));
          }
        }
      },
      values);
  return texts;
}

/// Of the columns of a group, what names the rows first.
std::vector<std::string> ShowTables::chosen(const std::vector<std::string>& names) const {
  if (options_.columns.empty()) return names;
  std::vector<std::string> kept{names.front()};
  for (const auto& wanted : options_.columns) {
    const auto found = std::find_if(names.begin(), names.end(),
                                    [&](const auto& path) { return name_of(path) == wanted; });
    if (found != names.end() && std::find(kept.begin(), kept.end(), *found) == kept.end()) {
      kept.push_back(*found);
    }
  }
  return kept;
}

std::string ShowTables::of(const RecordFile& file, const std::string& group,
                           std::int64_t most_rows) {
  std::vector<std::string> names;
  std::int64_t rows = 0;
  for (const auto& [name, outline] : file.arrays()) {
    if (name.substr(0, name.rfind('/')) != group || outline.what.shape.size() != 1) continue;
    names.push_back(name);
    known_.insert(name_of(name));
    rows = std::max(rows, outline.what.shape.front());
  }
  if (names.empty()) return {};
  std::stable_sort(names.begin(), names.end(), [&](const auto& a, const auto& b) {
    const auto rank = [&](const std::string& path) {
      const bool axis = file.arrays().at(path).dimensions.front() == name_of(path);
      return axis ? 0 : 1 + importance(name_of(path));
    };
    return rank(a) < rank(b);
  });
  const bool whole = rows <= most_rows;
  std::vector<std::size_t> order;
  const std::string by = group + "/" + options_.sort;
  if (!options_.sort.empty() && std::find(names.begin(), names.end(), by) != names.end()) {
    order = order_of(file.read_rows(by, 0, file.arrays().at(by).what.shape.front()));
  }
  TextTable table(static_cast<std::size_t>(whole ? rows : 2 * kEnds + 1) + 1);
  std::size_t width = 1;
  std::string left_out;
  const auto wanted = chosen(names);
  for (std::size_t k = 0; k < wanted.size(); ++k) {
    std::vector<std::string> column = shown_cells(file, wanted[k], order, rows, whole);
    column.resize(table.size() - 1);
    column.insert(column.begin(), name_of(wanted[k]));
    std::size_t widest = 0;
    for (const auto& cell : column) widest = std::max(widest, width_of(cell));
    const bool fits = width + 1 + widest <= options_.width;
    if (k > 0 && !fits && !options_.all && options_.columns.empty()) {
      left_out += (left_out.empty() ? "" : ", ") + name_of(wanted[k]);
      continue;
    }
    width += 1 + widest;
    for (std::size_t i = 0; i < column.size(); ++i) table[i].push_back(column[i]);
  }
  std::string text = fmt::format("{} ({} rows)\n{}", group, rows, aligned(table));
  if (!left_out.empty()) {
    text += wrapped(fmt::format("  not shown (--all, --columns NAME,…): {}\n", left_out),
                    options_.width);
  }
  return text;
}

void ShowTables::reject_unknown() const {
  const std::vector<std::string> known(known_.begin(), known_.end());
  const auto require = [&](const std::string& name, const char* flag) {
    if (name.empty() || known_.contains(name)) return;
    throw ConfigurationError(
        fmt::format("{}: no table of the record has a column '{}'{} (there are: {})", flag, name,
                    did_you_mean(name, known), joined(known)));
  };
  for (const auto& name : options_.columns) require(name, "--columns");
  require(options_.sort, "--sort");
}

}  // namespace thalweg
