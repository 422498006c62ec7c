#include "data/byte_reader.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/error.hpp"

namespace thalweg {

void ByteReader::fail(const std::string& message) const {
  throw ConfigurationError(fmt::format("{}: {}", path_, message));
}

std::int64_t ByteReader::advance(std::span<std::uint8_t> bytes) {
  const std::int64_t got = read_some(bytes);
  position_ += got;
  return got;
}

void ByteReader::read(std::span<std::uint8_t> bytes, const std::string& what) {
  const auto wanted = static_cast<std::int64_t>(bytes.size());
  const std::int64_t got = advance(bytes);
  if (got != wanted) {
    fail(fmt::format("truncated: {} should take {} bytes, found {}", what, wanted, got));
  }
}

std::string ByteReader::read_rest() {
  std::string text;
  constexpr std::int64_t longest = std::int64_t{1} << 20;
  std::vector<std::uint8_t> piece(
      static_cast<std::size_t>(std::clamp<std::int64_t>(most_bytes(), 1, longest)));
  for (std::int64_t got = advance(piece); got > 0; got = advance(piece)) {
    text.append(piece.begin(), piece.begin() + got);
  }
  return text;
}

void ByteReader::expect_end() {
  std::array<std::uint8_t, 1> one{};
  const std::int64_t expected = position_;
  if (advance(one) != 0) {
    fail(fmt::format("longer than the {} bytes that its header announces", expected));
  }
}

std::int64_t ByteArray::read_some(std::span<std::uint8_t> bytes) {
  const auto from = static_cast<std::size_t>(position());
  const std::size_t count = std::min(bytes.size(), bytes_.size() - from);
  std::copy_n(bytes_.begin() + static_cast<std::ptrdiff_t>(from), count, bytes.begin());
  return static_cast<std::int64_t>(count);
}

}  // namespace thalweg
