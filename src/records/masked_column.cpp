#include "records/masked_column.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <type_traits>
#include <variant>

namespace thalweg {

namespace {

/// 1 for every value of an array that is a number; empty where all are.
std::vector<std::uint8_t> mask_of(const Array& array) {
  std::vector<std::uint8_t> valid;
  std::visit(
      [&](const auto& values) {
        using Value = typename std::decay_t<decltype(values)>::value_type;
        if constexpr (std::is_floating_point_v<Value>) {
          const auto is_there = [](Value value) { return std::isfinite(value); };
          if (std::all_of(values.begin(), values.end(), is_there)) return;
          for (const Value value : values) valid.push_back(is_there(value) ? 1 : 0);
        }
      },
      array.values);
  return valid;
}

void mask(Record& record, const std::string& path) {
  const Array& array = record.arrays.at(path);
  auto valid = mask_of(array);
  if (valid.empty()) return;
  record.arrays[path + "_valid"] = Array{std::move(valid), array.shape, array.dimensions, "1",
                                         fmt::format("1 where {} has a value", path)};
}

}  // namespace

void mask_missing(Record& record, const std::string& prefix) {
  std::vector<std::string> paths;
  for (const auto& [path, array] : record.arrays) {
    if (path.starts_with(prefix)) paths.push_back(path);
  }
  for (const auto& path : paths) mask(record, path);
}

void put_masked(Record& record, const std::string& path, const std::vector<double>& values,
                const std::vector<std::int64_t>& shape, const std::vector<std::string>& dimensions,
                const std::string& long_name, const std::string& units) {
  record.arrays[path] = Array{values, shape, dimensions, units, long_name};
  mask(record, path);
}

}  // namespace thalweg
