#include "studies/masked_column.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace thalweg {

void put_masked(Record& record, const std::string& path, const std::vector<double>& values,
                const std::vector<std::int64_t>& shape, const std::vector<std::string>& dimensions,
                const std::string& long_name, const std::string& units) {
  record.arrays[path] = Array{values, shape, dimensions, units, long_name};
  std::vector<std::uint8_t> valid;
  valid.reserve(values.size());
  for (const double value : values) valid.push_back(std::isfinite(value) ? 1 : 0);
  if (std::all_of(valid.begin(), valid.end(), [](auto v) { return v == 1; })) return;
  record.arrays[fmt::format("{}_valid", path)] =
      Array{valid, shape, dimensions, "1", fmt::format("1 where {} has a value", path)};
}

}  // namespace thalweg
