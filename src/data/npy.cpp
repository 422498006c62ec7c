#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cstring>
#include <filesystem>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "base/error.hpp"
#include "data/array_halves.hpp"
#include "data/byte_file.hpp"
#include "data/text_lines.hpp"

namespace thalweg {

namespace {

static_assert(std::endian::native == std::endian::little);

struct NpyHeader {
  std::string type;  ///< such as "<f4"
  std::vector<std::int64_t> shape;
};

/// The text behind `'key':` in the header, a Python dictionary.
std::string_view value_of(std::string_view header, const std::string& key, const ByteFile& file) {
  const auto at = header.find("'" + key + "':");
  if (at == std::string_view::npos) {
    file.fail(fmt::format("the header has no '{}': found {}", key, quoted(header)));
  }
  return trimmed(header.substr(at + key.size() + 3));
}

std::vector<std::int64_t> shape_of(std::string_view text, const ByteFile& file) {
  const auto end = text.find(')');
  if (!text.starts_with('(') || end == std::string_view::npos) {
    file.fail(fmt::format("the header's shape is {}, expected a tuple", quoted(text)));
  }
  std::vector<std::int64_t> shape;
  for (std::size_t at = 1; at < end;) {
    const auto comma = std::min(text.find(',', at), end);
    const auto word = trimmed(text.substr(at, comma - at));
    if (!word.empty()) {
      const auto size = integer_of(word);
      if (!size || *size < 0) {
        file.fail(fmt::format("the header's shape holds {}, expected sizes", quoted(word)));
      }
      shape.push_back(*size);
    }
    at = comma + 1;
  }
  return shape;
}

/// NumPy's format (numpy/lib/format.py): magic, version, length of the header, header, values.
NpyHeader read_header(ByteFile& file) {
  std::array<std::uint8_t, 8> start{};
  file.read(start, "the magic string and version");
  constexpr std::array<std::uint8_t, 6> magic{0x93, 'N', 'U', 'M', 'P', 'Y'};
  if (!std::equal(magic.begin(), magic.end(), start.begin())) {
    file.fail("does not begin with NumPy's magic string, expected a file of numpy.save");
  }
  if ((start[6] != 1 && start[6] != 2) || start[7] != 0) {
    file.fail(fmt::format("format version {}.{} found, expected 1.0 or 2.0", start[6], start[7]));
  }
  std::vector<std::uint8_t> length(start[6] == 1 ? 2 : 4);
  file.read(length, "the length of the header");
  std::int64_t size = 0;
  for (std::size_t k = length.size(); k-- > 0;) size = size * 256 + length[k];
  if (size > file.most_bytes()) {
    file.fail(fmt::format("truncated: a header of {} bytes announced, the file has {}", size,
                          file.most_bytes()));
  }
  std::vector<std::uint8_t> bytes(static_cast<std::size_t>(size));
  file.read(bytes, "the header");
  const std::string header(bytes.begin(), bytes.end());
  const auto descr = value_of(header, "descr", file);
  const auto quote = descr.find('\'', 1);
  if (!descr.starts_with('\'') || quote == std::string_view::npos) {
    file.fail("its type is structured, expected plain numbers");
  }
  if (!value_of(header, "fortran_order", file).starts_with("False")) {
    file.fail("stored in Fortran order, expected C order (numpy.ascontiguousarray)");
  }
  return {std::string(descr.substr(1, quote - 1)), shape_of(value_of(header, "shape", file), file)};
}

/// A signed byte is taken apart by hand: a plain conversion is what widens a character by mistake.
template <class Value, class Stored>
Value widened(Stored stored) {
  if constexpr (std::is_same_v<Stored, std::int8_t>) {
    const int byte = static_cast<std::uint8_t>(stored);
    return static_cast<Value>(byte < 128 ? byte : byte - 256);
  } else {
    return static_cast<Value>(stored);
  }
}

template <class Stored, class Value>
std::vector<Value> converted(const std::vector<std::uint8_t>& bytes) {
  std::vector<Value> values(bytes.size() / sizeof(Stored));
  for (std::size_t i = 0; i < values.size(); ++i) {
    Stored stored{};
    std::memcpy(&stored, bytes.data() + i * sizeof(Stored), sizeof(Stored));
    values[i] = widened<Value>(stored);
  }
  return values;
}

/// The values of a file whose header was read, of one of the integer types (and, for Value =
/// double, floating types) that NumPy writes on this machine. Nothing if it is of another.
template <class Value>
std::vector<Value> read_values(ByteFile& file, const NpyHeader& header,
                               const std::string& expected) {
  std::vector<Value> (*convert)(const std::vector<std::uint8_t>&) = nullptr;
  const std::string_view type = header.type;
  if (type == "|u1") convert = converted<std::uint8_t, Value>;
  if (type == "|i1") convert = converted<std::int8_t, Value>;
  if (type == "<u2") convert = converted<std::uint16_t, Value>;
  if (type == "<i2") convert = converted<std::int16_t, Value>;
  if (type == "<u4") convert = converted<std::uint32_t, Value>;
  if (type == "<i4") convert = converted<std::int32_t, Value>;
  if (type == "<u8") convert = converted<std::uint64_t, Value>;
  if (type == "<i8") convert = converted<std::int64_t, Value>;
  if constexpr (std::is_floating_point_v<Value>) {
    if (type == "<f4") convert = converted<float, Value>;
    if (type == "<f8") convert = converted<double, Value>;
  }
  if (convert == nullptr) {
    file.fail(fmt::format("type '{}' found, expected {}", header.type, expected));
  }
  std::int64_t size = header.type[2] - '0';
  for (const std::int64_t n : header.shape) {
    if (n != 0 && size > file.most_bytes() / n) {
      file.fail(fmt::format("truncated: the header announces more than the {} bytes of the file",
                            file.most_bytes()));
    }
    size *= n;
  }
  std::vector<std::uint8_t> bytes(static_cast<std::size_t>(size));
  file.read(bytes, "the array");
  file.expect_end();
  return convert(bytes);
}

ArrayHalf read_half(const std::filesystem::path& folder, const std::string& half) {
  ArrayHalf result;
  result.x_name = (folder / (half + "_x.npy")).string();
  result.y_name = (folder / (half + "_y.npy")).string();
  ByteFile x(result.x_name);
  const NpyHeader header = read_header(x);
  result.x_shape = header.shape;
  sample_shape(result.x_name, header.shape);
  if (header.type == "|u1") {
    result.bytes = read_values<std::uint8_t>(x, header, "unsigned bytes");
  } else {
    result.numbers = read_values<double>(
        x, header, "float32, float64 or an integer type, little-endian ('<f4', '<f8', '|u1', ...)");
  }
  ByteFile y(result.y_name);
  const NpyHeader labels = read_header(y);
  check_label_shape(result, labels.shape);
  result.labels =
      read_values<std::int64_t>(y, labels, "an integer type, little-endian ('<i8', '|u1', ...)");
  return result;
}

}  // namespace

SampleHalves read_npy(const DataOptions& options) {
  if (!std::filesystem::is_directory(options.path)) {
    throw ConfigurationError(fmt::format("{}: [data] path: there is no such folder", options.path));
  }
  ArrayHalf train = read_half(options.path, "train");
  return array_halves(std::move(train), read_half(options.path, "test"));
}

}  // namespace thalweg
