// Records put together from the input: what write_record takes must come back as it was, be no
// different from itself, and be read by `verify`.
#include <fuzzer/FuzzedDataProvider.h>

#include <array>
#include <limits>

#include "fuzz/input.hpp"
#include "fuzz/same_record.hpp"
#include "records/diff.hpp"
#include "records/record.hpp"
#include "records/schema.hpp"
#include "records/verify.hpp"

namespace {

using namespace thalweg;
using namespace thalweg::fuzzing;

constexpr std::size_t kLongest = 24;

/// HDF5's texts end at a zero byte.
std::string text_from(FuzzedDataProvider& input) {
  const std::string text = input.ConsumeRandomLengthString(kLongest);
  return text.substr(0, text.find('\0'));
}

std::string name_from(FuzzedDataProvider& input) {
  static constexpr std::array names{"gram",  "done", "checksum",   "step",     "status",
                                    "valid", "loss", "loss_valid", "elapsed_s"};
  if (input.ConsumeBool()) return input.PickValueInArray(names);
  const std::string name = text_from(input);
  return name.empty() ? "x" : name;
}

/// Of one name: groups and datasets with another spelling of their path are the suite's own
/// mistake.
std::string path_from(FuzzedDataProvider& input) {
  static constexpr std::array groups{"", "/summary", "/trajectory", "/snapshots", "/kernel"};
  const std::string group = input.PickValueInArray(groups);
  std::string name = name_from(input);
  std::erase(name, '/');
  return group + "/" + (name.empty() || name == "." ? "x" : name);
}

template <class T>
std::vector<T> values_from(FuzzedDataProvider& input, std::size_t count) {
  std::vector<T> values(count);
  for (auto& value : values) {
    if constexpr (std::is_same_v<T, std::string>) {
      value = text_from(input);
    } else if constexpr (std::is_floating_point_v<T>) {
      value = input.ConsumeFloatingPoint<T>();
      if (input.ConsumeProbability<float>() > 0.95F) value = std::numeric_limits<T>::quiet_NaN();
    } else {
      value = input.ConsumeIntegral<T>();
    }
  }
  return values;
}

AttributeValue attribute_from(FuzzedDataProvider& input) {
  switch (input.ConsumeIntegralInRange(0, 3)) {
    case 0:
      return text_from(input);
    case 1:
      return input.ConsumeIntegralInRange<std::int64_t>(-2, 9);
    case 2:
      return input.ConsumeFloatingPoint<double>();
    default:
      return values_from<std::string>(input, input.ConsumeIntegralInRange<std::size_t>(0, 3));
  }
}

Attributes attributes_from(FuzzedDataProvider& input) {
  static constexpr std::array names{"block", "strips", "status", "config_resolved"};
  Attributes attributes;
  for (int count = input.ConsumeIntegralInRange(0, 3); count > 0; --count) {
    const std::string name = input.ConsumeBool() ? input.PickValueInArray(names) : text_from(input);
    attributes[name] = attribute_from(input);
  }
  return attributes;
}

Array array_from(FuzzedDataProvider& input) {
  Array array;
  std::size_t count = 1;
  for (int axes = input.ConsumeIntegralInRange(0, 3); axes > 0; --axes) {
    array.shape.push_back(input.ConsumeIntegralInRange<std::int64_t>(0, 4));
    array.dimensions.push_back(name_from(input));
    count *= static_cast<std::size_t>(array.shape.back());
  }
  switch (input.ConsumeIntegralInRange(0, 4)) {
    case 0:
      array.values = values_from<double>(input, count);
      break;
    case 1:
      array.values = values_from<float>(input, count);
      break;
    case 2:
      array.values = values_from<std::int64_t>(input, count);
      break;
    case 3:
      array.values = values_from<std::uint8_t>(input, count);
      break;
    default:
      array.values = values_from<std::string>(input, count);
  }
  array.units = text_from(input);
  array.long_name = text_from(input);
  return array;
}

Record record_from(FuzzedDataProvider& input) {
  Record record;
  record.attributes = attributes_from(input);
  record.attributes["schema"] =
      schemas()[input.ConsumeIntegralInRange<std::size_t>(0, schemas().size() - 1)].name;
  record.attributes["schema_version"] = kSchemaVersion;
  for (int count = input.ConsumeIntegralInRange(0, 2); count > 0; --count) {
    record.group_attributes[path_from(input)] = attributes_from(input);
  }
  for (int count = input.ConsumeIntegralInRange(0, 4); count > 0; --count) {
    record.arrays[path_from(input)] = array_from(input);
  }
  return record;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  FuzzedDataProvider input(data, size);
  const Record record = record_from(input);
  const std::string path = folder().file("record.h5");
  if (!accepted([&] { write_record(path, record); })) return 0;
  require(diff_records(path, path).empty());
  verify_record(path);
  require(same_record(read_record(path), record));
  return 0;
}
