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

ByteFile::ByteFile(std::string path)
    : ByteReader(std::move(path)), compressed_(this->path().ends_with(".gz")) {
  std::error_code error;
  const auto status = std::filesystem::status(this->path(), error);
  if (status.type() == std::filesystem::file_type::not_found) fail("there is no such file");
  if (!std::filesystem::is_regular_file(status)) fail("this is not a file");
  const auto stored = static_cast<std::int64_t>(std::filesystem::file_size(this->path(), error));
  if (error) fail(error.message());
  if (stored == 0) fail("the file is empty");
  // Deflate makes data at most 1032 times smaller (zlib's technical details).
  most_bytes_ = compressed_ ? stored * 1032 : stored;
  file_.reset(gzopen(this->path().c_str(), "rb"));
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
                       position() + static_cast<std::int64_t>(done) + std::max(got, 0),
                       code == Z_ERRNO ? std::strerror(errno) : text));
    }
    if (got == 0) break;
    done += static_cast<std::size_t>(got);
  }
  return static_cast<std::int64_t>(done);
}

}  // namespace thalweg
