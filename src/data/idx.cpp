#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <filesystem>
#include <set>
#include <string>
#include <vector>

#include "base/error.hpp"
#include "data/byte_file.hpp"
#include "data/sample_files.hpp"

namespace thalweg {

namespace {

constexpr std::int64_t kLargestSide = 1 << 16;

/// What the names of a set's files begin with, in a folder.
struct Place {
  std::filesystem::path folder;
  std::string prefix;  ///< "" for MNIST's own, else the beginning of each name, with its hyphen
};

/// The prefixes of the files of training images in a folder, in ascending order.
std::set<std::string> prefixes_in(const std::filesystem::path& folder) {
  std::set<std::string> prefixes;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    const std::string name = entry.path().filename().string();
    for (const char* stem : {"train-images-idx3-ubyte", "train-images.idx3-ubyte"}) {
      const auto at = name.find(stem);
      if (at == std::string::npos || (at > 0 && name[at - 1] != '-')) continue;
      const auto end = name.substr(at + std::string_view(stem).size());
      if (!end.empty() && end != ".gz") continue;
      prefixes.insert(name.substr(0, at));
    }
  }
  return prefixes;
}

/// A folder, or a folder and the beginning of the names: "FOLDER/emnist-letters".
Place place_of(const std::string& path) {
  const auto given = std::filesystem::path(path);
  if (std::filesystem::is_directory(given)) {
    const auto prefixes = prefixes_in(given);
    // Without any, the message about the file that is missing says what was looked for.
    if (prefixes.empty() || prefixes.contains("")) return {given, ""};
    if (prefixes.size() == 1) return {given, *prefixes.begin()};
    std::vector<std::string> names;
    names.reserve(prefixes.size());
    for (const auto& prefix : prefixes) names.push_back(prefix.substr(0, prefix.size() - 1));
    throw ConfigurationError(
        fmt::format("{}: [data] path: found the files of {}; choose one by its name: \"{}\"", path,
                    comma_separated(names), (given / names.front()).string()));
  }
  const auto folder = given.parent_path();
  const std::string prefix = given.filename().string() + "-";
  if (std::filesystem::is_directory(folder) && prefixes_in(folder).contains(prefix)) {
    return {folder, prefix};
  }
  throw ConfigurationError(fmt::format("{}: [data] path: there is no such folder", path));
}

std::string find_file(const Place& place, Half half, const std::string& kind,
                      const std::string& type) {
  std::vector<std::string> stems{"train-"};
  if (half == Half::test) stems = {"t10k-", "test-"};
  std::string sought;
  for (const auto& stem : stems) {
    for (const char* joint : {"-", "."}) {
      const std::string name = fmt::format("{}{}{}{}{}", place.prefix, stem, kind, joint, type);
      for (const char* end : {"", ".gz"}) {
        const auto path = place.folder / (name + end);
        if (std::filesystem::exists(path)) return path.string();
      }
      sought += (sought.empty() ? "" : ", ") + name;
    }
  }
  throw ConfigurationError(
      fmt::format("{}: found none of {}, plain or .gz", place.folder.string(), sought));
}

/// Big-endian 32-bit numbers: the magic number, then the sizes.
template <std::size_t dimensions>
std::array<std::int64_t, dimensions> read_header(ByteFile& file) {
  std::array<std::uint8_t, 4 * (dimensions + 1)> bytes{};
  file.read(bytes, "the header");
  const auto word = [&bytes](std::size_t k) {
    return (std::int64_t{bytes[4 * k]} << 24) | (std::int64_t{bytes[4 * k + 1]} << 16) |
           (std::int64_t{bytes[4 * k + 2]} << 8) | std::int64_t{bytes[4 * k + 3]};
  };
  constexpr std::int64_t magic = 0x0800 + static_cast<std::int64_t>(dimensions);
  if (word(0) != magic) {
    file.fail(fmt::format("magic number {:#010x} found, expected {:#010x} (bytes, {} dimensions)",
                          word(0), magic, dimensions));
  }
  std::array<std::int64_t, dimensions> sizes{};
  for (std::size_t k = 0; k < dimensions; ++k) sizes[k] = word(k + 1);
  return sizes;
}

void check_payload(const ByteFile& file, std::int64_t payload, const std::string& text) {
  if (payload > file.most_bytes()) {
    file.fail(fmt::format("the header announces {}, {} bytes, but the file can hold at most {}",
                          text, payload, file.most_bytes()));
  }
}

}  // namespace

LabelledSamples read_idx(const std::string& path, Half half) {
  const Place place = place_of(path);
  ByteFile images(find_file(place, half, "images", "idx3-ubyte"));
  ByteFile labels(find_file(place, half, "labels", "idx1-ubyte"));
  const auto [n, height, width] = read_header<3>(images);
  const auto [label_count] = read_header<1>(labels);

  const std::string text = fmt::format("{} images of {} x {}", n, height, width);
  if (n == 0) images.fail("the header announces no samples");
  if (height == 0 || width == 0 || height > kLargestSide || width > kLargestSide) {
    images.fail(
        fmt::format("the header announces {}; expected sides of 1 to {}", text, kLargestSide));
  }
  if (n > images.most_bytes() / (height * width)) {
    images.fail(fmt::format("truncated: the header announces {}, but the file can hold at most {}",
                            text, images.most_bytes() / (height * width)));
  }
  check_payload(labels, label_count, fmt::format("{} labels", label_count));
  if (label_count != n) {
    labels.fail(fmt::format("{} labels found, expected {}, as many as images in {}", label_count, n,
                            images.path()));
  }

  LabelledSamples result;
  result.shape = {1, height, width};
  result.bytes.resize(static_cast<std::size_t>(n * height * width));
  images.read(result.bytes, text);
  images.expect_end();

  std::vector<std::uint8_t> raw(static_cast<std::size_t>(n));
  labels.read(raw, fmt::format("{} labels", n));
  labels.expect_end();
  result.labels.assign(raw.begin(), raw.end());
  result.classes = std::int64_t{1} + *std::max_element(raw.begin(), raw.end());
  return result;
}

}  // namespace thalweg
