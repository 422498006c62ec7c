#include "probes/probe_rows.hpp"

#include <string_view>
#include <type_traits>
#include <variant>

#include "records/masked_column.hpp"

namespace thalweg {

namespace {

constexpr std::string_view kPrefix = "/probes/";

/// Masks are made anew with every record: probes measure no bytes.
bool is_mask(const Array& array) {
  return std::holds_alternative<std::vector<std::uint8_t>>(array.values);
}

template <class T>
void append(std::vector<T>& to, const std::vector<T>& from) {
  to.insert(to.end(), from.begin(), from.end());
}

/// Appends the rows of `more` to `array` along its first axis.
void append_rows(Array& array, const Array& more) {
  std::visit(
      [&](auto& values) {
        using Values = std::decay_t<decltype(values)>;
        append(values, std::get<Values>(more.values));
      },
      array.values);
  array.shape[0] += more.shape[0];
}

}  // namespace

void ProbeRows::add(const std::string& probe, std::int64_t step, const Measurement& measurement) {
  rows_[probe].steps.push_back(step);
  rows_[probe].measurements.push_back(measurement);
}

bool ProbeRows::has(const std::string& probe, std::int64_t step) const {
  if (const auto rows = rows_.find(probe); rows != rows_.end())
    return rows->second.steps.back() == step;
  const auto rows = earlier_.find(probe);
  if (rows == earlier_.end()) return false;
  const auto& steps = std::get<std::vector<std::int64_t>>(
      rows->second.arrays.at(std::string(kPrefix) + probe + "/step").values);
  return steps.back() == step;
}

void ProbeRows::write_to(Record& record) const {
  for (const auto& [probe, earlier] : earlier_) {
    for (const auto& [path, array] : earlier.arrays) record.arrays[path] = array;
  }
  for (const auto& [probe, rows] : rows_) {
    const std::string group = std::string(kPrefix) + probe + "/";
    const auto put = [&](const std::string& name, Array array) {
      const auto [found, is_new] = record.arrays.try_emplace(group + name, array);
      if (!is_new) append_rows(found->second, array);
    };
    for (std::size_t row = 0; row < rows.steps.size(); ++row) {
      put("step", {std::vector<std::int64_t>{rows.steps[row]},
                   {1},
                   {"step"},
                   "step",
                   "optimiser steps taken"});
      for (const auto& scalar : rows.measurements[row].scalars) {
        put(scalar.name,
            {std::vector<double>{scalar.value}, {1}, {"step"}, scalar.units, scalar.long_name});
      }
      for (const auto& detail : rows.measurements[row].details) {
        std::visit(
            [&](const auto& values) {
              put(detail.name, {values,
                                {1, static_cast<std::int64_t>(values.size())},
                                {"step", detail.dimension},
                                detail.units,
                                detail.long_name});
            },
            detail.values);
      }
    }
  }
  mask_missing(record, std::string(kPrefix));
}

void ProbeRows::read_from(const Record& record) {
  for (const auto& [path, array] : record.arrays) {
    if (!path.starts_with(kPrefix) || is_mask(array)) continue;
    const auto end = path.find('/', kPrefix.size());
    earlier_[path.substr(kPrefix.size(), end - kPrefix.size())].arrays[path] = array;
  }
}

std::vector<LastProbeValue> last_probe_values(const Record& run) {
  std::vector<LastProbeValue> found;
  for (const auto& [path, array] : run.arrays) {
    if (!path.starts_with(kPrefix) || array.shape.size() != 1 || is_mask(array)) continue;
    const auto slash = path.find('/', kPrefix.size());
    const auto scalar = path.substr(slash + 1);
    if (scalar == "step") continue;
    found.push_back({path.substr(kPrefix.size(), slash - kPrefix.size()) + "." + scalar,
                     std::get<std::vector<double>>(array.values).back(), array.units,
                     array.long_name});
  }
  return found;
}

}  // namespace thalweg
