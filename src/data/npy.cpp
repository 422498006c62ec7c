#include <fmt/format.h>

#include <filesystem>
#include <string>
#include <utility>

#include "base/error.hpp"
#include "data/array_halves.hpp"
#include "data/byte_file.hpp"
#include "data/npy_format.hpp"

namespace thalweg {

namespace {

ArrayHalf read_npy_half(const std::filesystem::path& folder, const std::string& half) {
  ArrayHalf result;
  result.x_name = (folder / (half + "_x.npy")).string();
  result.y_name = (folder / (half + "_y.npy")).string();
  ByteFile x(result.x_name);
  const NpyHeader header = read_npy_header(x);
  result.x_shape = header.shape;
  sample_shape(result.x_name, header.shape);
  if (header.type == "|u1") {
    result.bytes = read_npy_values<std::uint8_t>(x, header, "unsigned bytes");
  } else {
    result.numbers = read_npy_values<double>(
        x, header, "float32, float64 or an integer type, little-endian ('<f4', '<f8', '|u1', ...)");
  }
  ByteFile y(result.y_name);
  const NpyHeader labels = read_npy_header(y);
  check_label_shape(result, labels.shape);
  result.labels = read_npy_values<std::int64_t>(
      y, labels, "an integer type, little-endian ('<i8', '|u1', ...)");
  return result;
}

}  // namespace

SampleHalves read_npy(const DataOptions& options) {
  if (!std::filesystem::is_directory(options.path)) {
    throw ConfigurationError(fmt::format("{}: [data] path: there is no such folder", options.path));
  }
  ArrayHalf train = read_npy_half(options.path, "train");
  return array_halves(std::move(train), read_npy_half(options.path, "test"), options.layout);
}

}  // namespace thalweg
