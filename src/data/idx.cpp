#include <fmt/format.h>

#include <array>
#include <filesystem>
#include <string>
#include <vector>

#include "base/error.hpp"
#include "data/byte_file.hpp"
#include "data/sample_files.hpp"

namespace thalweg {

namespace {

constexpr std::int64_t kClasses = 10;
constexpr std::int64_t kLargestSide = 1 << 16;

std::string find_file(const std::string& folder, Half half, const std::string& kind,
                      const std::string& type) {
  if (!std::filesystem::is_directory(folder)) {
    throw ConfigurationError(fmt::format("{}: [data] path: there is no such folder", folder));
  }
  const std::string stem = (half == Half::train ? "train-" : "t10k-") + kind;
  for (const char* joint : {"-", "."}) {
    for (const char* end : {"", ".gz"}) {
      const auto path =
          std::filesystem::path(folder) / fmt::format("{}{}{}{}", stem, joint, type, end);
      if (std::filesystem::exists(path)) return path.string();
    }
  }
  throw ConfigurationError(fmt::format("{}: found neither {}-{} nor {}.{}, plain or .gz", folder,
                                       stem, type, stem, type));
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

LabelledSamples read_idx(const std::string& folder, Half half, std::int64_t count) {
  ByteFile images(find_file(folder, half, "images", "idx3-ubyte"));
  ByteFile labels(find_file(folder, half, "labels", "idx1-ubyte"));
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
  result.classes = kClasses;
  result.bytes.resize(static_cast<std::size_t>(n * height * width));
  images.read(result.bytes, text);
  images.expect_end();

  std::vector<std::uint8_t> raw(static_cast<std::size_t>(n));
  labels.read(raw, fmt::format("{} labels", n));
  labels.expect_end();
  for (std::size_t i = 0; i < raw.size(); ++i) {
    if (raw[i] >= kClasses) {
      labels.fail(fmt::format("label {} of sample {} is out of range; expected 0 to {}", raw[i], i,
                              kClasses - 1));
    }
  }
  result.labels.assign(raw.begin(), raw.end());
  result.keep_first(count, images.path(), half);
  return result;
}

}  // namespace thalweg
