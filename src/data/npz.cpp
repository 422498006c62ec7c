#include "data/npz.hpp"

#include <fmt/format.h>

#include <cstring>
#include <set>
#include <utility>

#include "base/error.hpp"
#include "data/npy_format.hpp"
#include "data/zip.hpp"
#include "records/atomic_file.hpp"

namespace thalweg {

namespace {

constexpr std::string_view kEnding = ".npy";

bool has_values(const std::string& type) {
  return type == "<f4" || type == "<f8";
}

template <class Stored>
void append(std::vector<std::uint8_t>& bytes, const std::vector<double>& values) {
  const std::size_t begin = bytes.size();
  bytes.resize(begin + values.size() * sizeof(Stored));
  for (std::size_t i = 0; i < values.size(); ++i) {
    const auto stored = static_cast<Stored>(values[i]);
    std::memcpy(bytes.data() + begin + i * sizeof(Stored), &stored, sizeof(Stored));
  }
}

}  // namespace

std::string shape_text(const std::vector<std::int64_t>& shape) {
  std::string text;
  for (const auto size : shape) text += fmt::format("{}{}", text.empty() ? "" : ", ", size);
  return fmt::format("({}{})", text, shape.size() == 1 ? "," : "");
}

std::vector<NamedArray> read_npz(const std::string& path) {
  std::vector<NamedArray> arrays;
  std::set<std::string> names;
  for (auto& entry : read_zip(path)) {
    if (!entry.name.ends_with(kEnding)) {
      throw ConfigurationError(fmt::format(
          "{}: holds '{}', expected the arrays of numpy.savez (not a file of torch.save)", path,
          entry.name));
    }
    NamedArray array;
    array.name = entry.name.substr(0, entry.name.size() - kEnding.size());
    if (!names.insert(array.name).second) {
      throw ConfigurationError(fmt::format("{}: holds two arrays '{}'", path, array.name));
    }
    ByteArray bytes(fmt::format("{}: array '{}'", path, array.name), std::move(entry.bytes));
    NpyHeader header = read_npy_header(bytes);
    if (has_values(header.type)) {
      array.values = read_npy_values<double>(bytes, header, "float32 or float64");
    }
    array.type = std::move(header.type);
    array.shape = std::move(header.shape);
    arrays.push_back(std::move(array));
  }
  return arrays;
}

void write_npz(const std::string& path, const std::vector<NamedArray>& arrays) {
  std::vector<ZipEntry> entries;
  for (const auto& array : arrays) {
    if (!has_values(array.type)) {
      throw Error(fmt::format("{}: array '{}' is of type '{}'", path, array.name, array.type));
    }
    const std::string header = npy_header({array.type, array.shape});
    ZipEntry entry{array.name + std::string(kEnding), {header.begin(), header.end()}};
    if (array.type == "<f4") {
      append<float>(entry.bytes, array.values);
    } else {
      append<double>(entry.bytes, array.values);
    }
    entries.push_back(std::move(entry));
  }
  write_bytes_atomically(path, zip_bytes(entries));
}

}  // namespace thalweg
