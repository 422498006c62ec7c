#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <variant>
#include <vector>

namespace thalweg {

using AttributeValue = std::variant<std::string, std::int64_t, double, std::vector<std::string>>;
using Attributes = std::map<std::string, AttributeValue>;

using ArrayValues = std::variant<std::vector<double>, std::vector<float>, std::vector<std::int64_t>,
                                 std::vector<std::uint8_t>, std::vector<std::string>>;

/// A dataset of a record. `dimensions` names the axes: an axis "step" of /trajectory/loss is
/// labelled by the dataset /trajectory/step if the record has one, otherwise by a dimension scale
/// without coordinates.
struct Array {
  ArrayValues values;
  std::vector<std::int64_t> shape;      ///< empty for a scalar
  std::vector<std::string> dimensions;  ///< one name an axis
  std::string units = "1";
  std::string long_name;
};

/// A whole HDF5 file as a value: what is written at once, under a second name, flushed and renamed.
struct Record {
  Attributes attributes;                               ///< of the root
  std::map<std::string, Attributes> group_attributes;  ///< by absolute path, "/probes/line"
  std::map<std::string, Array> arrays;                 ///< by absolute path, "/trajectory/step"
  std::map<std::string, std::string>
      external_links;  ///< absolute path → file relative to this one (its root group)

  /// A column over one named axis.
  template <class T>
  void column(const std::string& path, std::vector<T> values, const std::string& dimension,
              const std::string& units, const std::string& long_name) {
    const auto n = static_cast<std::int64_t>(values.size());
    arrays[path] = Array{std::move(values), {n}, {dimension}, units, long_name};
  }
  /// A scalar number.
  void scalar(const std::string& path, double value, const std::string& units,
              const std::string& long_name) {
    arrays[path] = Array{std::vector<double>{value}, {}, {}, units, long_name};
  }
};

/// Writes `path` so that it is either complete or absent: a second name beside it, fsync, rename,
/// fsync of the folder. Missing folders are made. Local: one rank calls it. Throws Error naming the
/// path and cause.
void write_record(const std::string& path, const Record& record);

/// Reads a whole file written by write_record (any HDF5 file of the types above). Local. Throws
/// Error that names the file and what is wrong with it.
Record read_record(const std::string& path);

}  // namespace thalweg
