#include "data/byte_file.hpp"

#include <fmt/format.h>
#include <zlib.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <system_error>
#include <utility>
#include <vector>

#include "base/error.hpp"

namespace thalweg {

void ByteFile::Close::operator()(gzFile_s* file) const {
  gzclose(file);
}

void ByteFile::fail(const std::string& message) const {
  throw ConfigurationError(fmt::format("{}: {}", path_, message));
}

ByteFile::ByteFile(std::string path) : path_(std::move(path)), compressed_(path_.ends_with(".gz")) {
  std::error_code error;
  const auto status = std::filesystem::status(path_, error);
  if (status.type() == std::filesystem::file_type::not_found) fail("there is no such file");
  if (!std::filesystem::is_regular_file(status)) fail("this is not a file");
  const auto stored = static_cast<std::int64_t>(std::filesystem::file_size(path_, error));
  if (error) fail(error.message());
  if (stored == 0) fail("the file is empty");
  // Deflate makes data at most 1032 times smaller (zlib's technical details).
  most_bytes_ = compressed_ ? stored * 1032 : stored;
  file_.reset(gzopen(path_.c_str(), "rb"));
  if (!file_) fail(fmt::format("cannot be opened: {}", std::strerror(errno)));
  gzbuffer(file_.get(), 1U << 17);
  const bool packed = gzdirect(file_.get()) == 0;
  if (packed != compressed_) {
    fail(compressed_ ? "its name ends in .gz, but it does not begin as a gzip file"
                     : "it begins as a gzip file, but its name does not end in .gz");
  }
}

std::int64_t ByteFile::read_some(std::span<std::uint8_t> bytes) {
  std::size_t done = 0;
  while (done < bytes.size()) {
    const auto piece = static_cast<unsigned>(std::min(bytes.size() - done, std::size_t{1} << 24));
    const int got = gzread(file_.get(), bytes.data() + done, piece);
    int code = Z_OK;
    const char* text = gzerror(file_.get(), &code);
    if (got < 0 || (code != Z_OK && code != Z_STREAM_END)) {
      fail(fmt::format("damaged or cut short after {} bytes: {}",
                       position_ + static_cast<std::int64_t>(done) + std::max(got, 0),
                       code == Z_ERRNO ? std::strerror(errno) : text));
    }
    if (got == 0) break;
    done += static_cast<std::size_t>(got);
  }
  position_ += static_cast<std::int64_t>(done);
  return static_cast<std::int64_t>(done);
}

void ByteFile::read(std::span<std::uint8_t> bytes, const std::string& what) {
  const auto wanted = static_cast<std::int64_t>(bytes.size());
  const std::int64_t got = read_some(bytes);
  if (got != wanted) {
    fail(fmt::format("truncated: {} should take {} bytes, found {}", what, wanted, got));
  }
}

std::string ByteFile::read_rest() {
  std::string text;
  std::vector<std::uint8_t> piece(std::size_t{1} << 20);
  for (std::int64_t got = read_some(piece); got > 0; got = read_some(piece)) {
    text.append(piece.begin(), piece.begin() + got);
  }
  return text;
}

void ByteFile::expect_end() {
  std::array<std::uint8_t, 1> one{};
  const std::int64_t expected = position_;
  if (read_some(one) != 0) {
    fail(fmt::format("longer than the {} bytes that its header announces", expected));
  }
}

}  // namespace thalweg
