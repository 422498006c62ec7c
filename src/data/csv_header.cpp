#include "data/csv_header.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <map>
#include <optional>

#include "data/fields.hpp"
#include "data/table_halves.hpp"

namespace thalweg {

namespace {

/// A text that is no number and no mark of a missing value.
bool is_name(const std::string& field) {
  constexpr std::array missing{"?", "-", "NA", "N/A", "na", "n/a", "NULL", "null", "None"};
  return !number_of(field) && std::find(missing.begin(), missing.end(), field) == missing.end();
}

/// Are the numbers among the fields evenly spaced over their columns, as 0,1,2 or 400,410,420 are?
/// One or two always are; they have to be the columns' own numbers, from 0 or 1, perhaps behind a
/// column of row names.
bool counts_up(const std::vector<std::string>& fields) {
  std::vector<double> columns;
  std::vector<double> values;
  for (std::size_t j = 0; j < fields.size(); ++j) {
    const auto number = number_of(fields[j]);
    if (!number) continue;
    columns.push_back(static_cast<double>(j));
    values.push_back(*number);
  }
  if (values.empty()) return false;
  if (values.size() < 3) {
    const double offset = values[0] - columns[0];
    return (offset == -1.0 || offset == 0.0 || offset == 1.0) &&
           values.back() - columns.back() == offset;
  }
  constexpr double rounding = 1e-9;
  const double step = (values[1] - values[0]) / (columns[1] - columns[0]);
  for (std::size_t k = 1; k < values.size(); ++k) {
    const double even = values[0] + step * (columns[k] - columns[0]);
    if (!(std::abs(values[k] - even) <= rounding * std::abs(even))) return false;
  }
  return step != 0.0;
}

/// What the lines behind the first one are like.
struct Rest {
  std::map<std::string, std::int64_t> labels;  ///< how often each occurs
  bool numeric_labels = true;
  bool whole_features = false;  ///< is any feature an integer?

  /// Does any occur twice? Where none does, one that occurs once is like all others.
  [[nodiscard]] bool any_twice() const {
    return std::any_of(labels.begin(), labels.end(),
                       [](const auto& entry) { return entry.second > 1; });
  }
  [[nodiscard]] bool all_twice() const {
    return std::all_of(labels.begin(), labels.end(),
                       [](const auto& entry) { return entry.second > 1; });
  }
};

/// A label as its class: two spellings of one integer are the same.
std::string class_of(const std::string& label) {
  const auto whole = integer_of(label);
  return whole ? fmt::format("{}", *whole) : label;
}

Rest rest_of(std::size_t columns, std::size_t label, std::string_view separator, TextLines& lines) {
  Rest rest;
  const auto behind_first = lines.place();
  std::vector<std::string> fields;
  while (const auto line = lines.next()) {
    cut_fields(*line, separator, lines, fields);
    if (fields.size() != columns) break;  // refused when the samples are read
    rest.numeric_labels = rest.numeric_labels && number_of(fields[label]).has_value();
    for (std::size_t j = 0; j < columns && !rest.whole_features; ++j) {
      rest.whole_features = j != label && integer_of(fields[j]).has_value();
    }
    ++rest.labels[class_of(fields[label])];
    if (static_cast<std::int64_t>(rest.labels.size()) > kMostClasses) break;  // refused as well
  }
  lines.rewind(behind_first);
  return rest;
}

FirstLine header(const TextLines& lines, const std::string& why) {
  return {true,
          fmt::format("{}:{}: the first line is taken as a header: {}; [data] header = \"no\" "
                      "makes it a sample",
                      lines.path(), lines.number(), why)};
}

FirstLine sample(const TextLines& lines, const std::string& why) {
  return {false, fmt::format("{}:{}: the first line is taken as a sample, though {}; [data] header "
                             "= \"yes\" makes it a header",
                             lines.path(), lines.number(), why)};
}

}  // namespace

bool has_names(const std::vector<std::string>& fields) {
  return std::count_if(fields.begin(), fields.end(), is_name) > 1;
}

FirstLine judge_first_line(const std::vector<std::string>& first, std::size_t label,
                           std::string_view separator, const std::set<std::string>& known,
                           TextLines& lines) {
  const bool even = counts_up(first);
  const auto name = std::find_if(first.begin(), first.end(), is_name);
  const bool named = name != first.end();
  const std::string text = quotation(first[label]);
  if (named && static_cast<std::size_t>(name - first.begin()) != label) {
    // No sample has a text among its features.
    if (even)
      return header(lines, fmt::format("it holds {} and numbers in order", quotation(*name)));
    return {};
  }
  const Rest rest = rest_of(first.size(), label, separator, lines);
  if (rest.labels.empty() && known.empty()) return {};
  if (named && rest.numeric_labels && !rest.labels.empty()) {
    return header(lines, fmt::format("its label is {}, all others are numbers", text));
  }
  const bool alone = !rest.labels.contains(class_of(first[label])) &&
                     std::none_of(known.begin(), known.end(), [&](const std::string& other) {
                       return class_of(other) == class_of(first[label]);
                     });
  if (named && !alone) return {};
  const std::string unique = fmt::format("its label {} occurs nowhere else", text);
  if (even) {
    constexpr std::size_t many = 8;
    const std::string in_order = "its numbers are in order";
    if (alone && rest.any_twice()) {
      return header(lines, fmt::format("{} and {}", in_order, unique));
    }
    if (first.size() > many) return header(lines, in_order);
    if (first.size() > 2 && !rest.labels.empty() && !rest.whole_features) {
      return header(lines, in_order + " and no other feature is an integer");
    }
    return sample(lines, in_order);
  }
  if (!alone || rest.labels.empty()) return {};
  if (named && rest.all_twice()) {
    return header(lines, unique + ", and each other one occurs at least twice");
  }
  return rest.all_twice() || named ? sample(lines, unique) : FirstLine{};
}

}  // namespace thalweg
