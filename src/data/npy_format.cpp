#include "data/npy_format.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cstring>
#include <string_view>
#include <type_traits>

#include "data/text_lines.hpp"

namespace thalweg {

namespace {

static_assert(std::endian::native == std::endian::little);

/// The text behind `'key':` in the header, a Python dictionary.
std::string_view value_of(std::string_view header, const std::string& key, const ByteReader& file) {
  const auto at = header.find("'" + key + "':");
  if (at == std::string_view::npos) {
    file.fail(fmt::format("the header has no '{}': found {}", key, quotation(header)));
  }
  return trimmed(header.substr(at + key.size() + 3));
}

std::vector<std::int64_t> shape_of(std::string_view text, const ByteReader& file) {
  const auto end = text.find(')');
  if (!text.starts_with('(') || end == std::string_view::npos) {
    file.fail(fmt::format("the header's shape is {}, expected a tuple", quotation(text)));
  }
  std::vector<std::int64_t> shape;
  for (std::size_t at = 1; at < end;) {
    const auto comma = std::min(text.find(',', at), end);
    const auto word = trimmed(text.substr(at, comma - at));
    if (!word.empty()) {
      const auto size = integer_of(word);
      if (!size || *size < 0) {
        file.fail(fmt::format("the header's shape holds {}, expected sizes", quotation(word)));
      }
      shape.push_back(*size);
    }
    at = comma + 1;
  }
  return shape;
}

}  // namespace

NpyHeader read_npy_header(ByteReader& file) {
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

namespace {

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

}  // namespace

template <class Value>
std::vector<Value> read_npy_values(ByteReader& file, const NpyHeader& header,
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

template std::vector<std::uint8_t> read_npy_values(ByteReader&, const NpyHeader&,
                                                   const std::string&);
template std::vector<std::int64_t> read_npy_values(ByteReader&, const NpyHeader&,
                                                   const std::string&);
template std::vector<double> read_npy_values(ByteReader&, const NpyHeader&, const std::string&);

std::string npy_header(const NpyHeader& header) {
  std::string shape;
  for (const auto size : header.shape) shape += fmt::format("{}, ", size);
  // A tuple of one keeps its comma.
  if (header.shape.size() > 1) shape.resize(shape.size() - 2);
  std::string text =
      fmt::format("{{'descr': '{}', 'fortran_order': False, 'shape': ({}), }}", header.type, shape);
  constexpr std::size_t start = 10;      // magic, version, length
  constexpr std::size_t alignment = 64;  // of the values
  const std::size_t size = (start + text.size() + 1 + alignment - 1) / alignment * alignment;
  text.resize(size - start - 1, ' ');
  text += '\n';
  const auto length = static_cast<unsigned>(text.size());
  std::string bytes = "\x93NUMPY";
  for (const unsigned byte : {1U, 0U, length & 0xffU, length >> 8U}) {
    bytes += static_cast<char>(byte);
  }
  return bytes + text;
}

}  // namespace thalweg
