#pragma once

#include <cstring>
#include <type_traits>

#include "records/record.hpp"

namespace thalweg::fuzzing {

/// Are all values the same, bit by bit?
inline bool same_values(const ArrayValues& a, const ArrayValues& b) {
  if (a.index() != b.index()) return false;
  return std::visit(
      [&](const auto& values) {
        using Values = std::decay_t<decltype(values)>;
        const auto& others = std::get<Values>(b);
        if constexpr (std::is_arithmetic_v<typename Values::value_type>) {
          const auto bytes = values.size() * sizeof(typename Values::value_type);
          return values.size() == others.size() &&
                 (bytes == 0 || std::memcmp(values.data(), others.data(), bytes) == 0);
        } else {
          return values == others;
        }
      },
      a);
}

/// Groups without attributes cannot be told from none.
inline bool same_record(const Record& a, const Record& b) {
  if (a.attributes != b.attributes || a.external_links != b.external_links) return false;
  const auto groups = [](Record record) {
    std::erase_if(record.group_attributes, [](const auto& group) { return group.second.empty(); });
    return record.group_attributes;
  };
  if (groups(a) != groups(b) || a.arrays.size() != b.arrays.size()) return false;
  for (const auto& [name, array] : a.arrays) {
    const auto found = b.arrays.find(name);
    if (found == b.arrays.end()) return false;
    const Array& other = found->second;
    if (array.shape != other.shape || array.dimensions != other.dimensions ||
        array.units != other.units || array.long_name != other.long_name ||
        !same_values(array.values, other.values)) {
      return false;
    }
  }
  return true;
}

}  // namespace thalweg::fuzzing
