#include <fmt/format.h>

#include <charconv>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "base/error.hpp"
#include "data/byte_file.hpp"
#include "data/sample_files.hpp"

namespace thalweg {

namespace {

constexpr ImageShape kShape{3, 32, 32};

/// Reads records of some label bytes, the last of which counts, and one image. `label_ranges` holds
/// the number of values of each label byte.
void append_records(const std::string& path, const std::vector<int>& label_ranges,
                    LabelledSamples& result) {
  ByteFile file(path);
  const auto label_bytes = static_cast<std::int64_t>(label_ranges.size());
  const std::int64_t record = label_bytes + kShape.features();
  const std::int64_t n = file.most_bytes() / record;
  if (file.most_bytes() % record != 0) {
    file.fail(
        fmt::format("{} bytes found, expected whole records of {}: truncated, or not CIFAR's "
                    "binary version",
                    file.most_bytes(), record));
  }
  std::vector<std::uint8_t> buffer(static_cast<std::size_t>(record));
  for (std::int64_t i = 0; i < n; ++i) {
    file.read(buffer, fmt::format("record {}", i));
    for (std::size_t k = 0; k < label_ranges.size(); ++k) {
      if (buffer[k] >= label_ranges[k]) {
        file.fail(fmt::format("label {} of record {} is out of range; expected 0 to {}", buffer[k],
                              i, label_ranges[k] - 1));
      }
    }
    result.labels.push_back(buffer[label_ranges.size() - 1]);
    result.bytes.insert(result.bytes.end(), buffer.begin() + label_bytes, buffer.end());
  }
  file.expect_end();
}

void check_folder(const std::string& folder) {
  if (std::filesystem::is_directory(folder)) return;
  throw ConfigurationError(fmt::format("{}: [data] path: there is no such folder", folder));
}

/// data_batch_N.bin by N.
std::map<int, std::string> batches_of(const std::string& folder) {
  const std::string stem = "data_batch_";
  const std::string end = ".bin";
  std::map<int, std::string> batches;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    const std::string name = entry.path().filename().string();
    if (!name.starts_with(stem) || !name.ends_with(end)) continue;
    int number = 0;
    const char* last = name.data() + name.size() - end.size();
    const auto [stop, error] = std::from_chars(name.data() + stem.size(), last, number);
    if (error == std::errc() && stop == last) batches[number] = entry.path().string();
  }
  if (batches.empty()) {
    throw ConfigurationError(fmt::format("{}: found no data_batch_1.bin", folder));
  }
  return batches;
}

}  // namespace

LabelledSamples read_cifar10(const std::string& folder, Half half) {
  check_folder(folder);
  LabelledSamples result{kShape, 10, {}, {}, {}};
  if (half == Half::train) {
    for (const auto& [number, path] : batches_of(folder)) append_records(path, {10}, result);
  } else {
    append_records((std::filesystem::path(folder) / "test_batch.bin").string(), {10}, result);
  }
  return result;
}

LabelledSamples read_cifar100(const std::string& folder, Half half) {
  check_folder(folder);
  LabelledSamples result{kShape, 100, {}, {}, {}};
  const char* name = half == Half::train ? "train.bin" : "test.bin";
  append_records((std::filesystem::path(folder) / name).string(), {20, 100}, result);
  return result;
}

}  // namespace thalweg
