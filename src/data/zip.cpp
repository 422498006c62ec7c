#include "data/zip.hpp"

#include <fmt/format.h>
#include <zlib.h>

#include <limits>
#include <string_view>

#include "base/error.hpp"
#include "data/byte_file.hpp"

namespace thalweg {

namespace {

constexpr std::uint64_t kLocalHeader = 0x04034b50;
constexpr std::uint64_t kDirectoryEntry = 0x02014b50;
constexpr std::uint64_t kDirectoryEnd = 0x06054b50;
constexpr std::uint64_t kLocator64 = 0x07064b50;
constexpr std::uint64_t kDirectoryEnd64 = 0x06064b50;
constexpr std::size_t kLocalHeaderSize = 30;
constexpr std::size_t kDirectoryEntrySize = 46;
constexpr std::size_t kDirectoryEndSize = 22;
constexpr std::size_t kLocator64Size = 20;
constexpr std::uint64_t kStored = 0;
constexpr std::uint64_t kDeflated = 8;
constexpr std::uint64_t kIn64 = 0xffffffff;  // the number stands in a 64-bit field instead

/// What the directory says of a file.
struct Listed {
  std::string name;
  std::uint64_t method = 0;
  std::uint64_t flags = 0;
  std::uint64_t checksum = 0;
  std::uint64_t packed = 0;
  std::uint64_t size = 0;
  std::uint64_t offset = 0;
};

class ZipReader {
 public:
  explicit ZipReader(const std::string& path) : path_(path), bytes_(ByteFile(path).read_rest()) {}

  std::vector<ZipEntry> read() const {
    std::vector<ZipEntry> entries;
    for (const auto& file : directory()) entries.push_back({file.name, contents(file)});
    return entries;
  }

 private:
  [[noreturn]] void fail(const std::string& why) const {
    throw ConfigurationError(fmt::format("{}: {}", path_, why));
  }

  /// A little-endian number of `size` bytes.
  std::uint64_t number(std::uint64_t at, std::uint64_t size) const {
    if (size > bytes_.size() || at > bytes_.size() - size) fail("truncated or damaged zip file");
    std::uint64_t value = 0;
    for (std::uint64_t k = size; k-- > 0;) {
      value = value << 8U | static_cast<std::uint8_t>(bytes_[at + k]);
    }
    return value;
  }

  std::string_view span(std::uint64_t at, std::uint64_t size) const {
    if (at > bytes_.size() || size > bytes_.size() - at) fail("truncated or damaged zip file");
    return std::string_view(bytes_).substr(at, size);
  }

  /// Where the record that ends the archive begins: only a comment stands behind it.
  std::uint64_t directory_end() const {
    constexpr std::uint64_t longest_comment = 65535;
    if (bytes_.size() < kDirectoryEndSize || number(0, 2) != 0x4b50) {
      fail("is no zip file, expected one of numpy.savez");
    }
    const std::uint64_t last = bytes_.size() - kDirectoryEndSize;
    const std::uint64_t first = last > longest_comment ? last - longest_comment : 0;
    for (std::uint64_t at = last + 1; at-- > first;) {
      if (number(at, 4) == kDirectoryEnd) return at;
    }
    fail("truncated: a zip file without its directory");
  }

  std::vector<Listed> directory() const {
    const std::uint64_t end = directory_end();
    std::uint64_t count = number(end + 10, 2);
    std::uint64_t at = number(end + 16, 4);
    if (end >= kLocator64Size && number(end - kLocator64Size, 4) == kLocator64) {
      const std::uint64_t end64 = number(end - kLocator64Size + 8, 8);
      if (number(end64, 4) != kDirectoryEnd64) fail("damaged: its 64-bit directory is not there");
      count = number(end64 + 32, 8);
      at = number(end64 + 48, 8);
    }
    std::vector<Listed> files;
    for (std::uint64_t k = 0; k < count; ++k) {
      if (number(at, 4) != kDirectoryEntry) fail("damaged: its directory breaks off");
      files.push_back(listed(at));
      at += kDirectoryEntrySize + number(at + 28, 2) + number(at + 30, 2) + number(at + 32, 2);
    }
    return files;
  }

  Listed listed(std::uint64_t at) const {
    Listed file{std::string(span(at + kDirectoryEntrySize, number(at + 28, 2))),
                number(at + 10, 2),
                number(at + 8, 2),
                number(at + 16, 4),
                number(at + 20, 4),
                number(at + 24, 4),
                number(at + 42, 4)};
    // An extra field of 64-bit numbers holds, in this order, those that do not fit above.
    std::uint64_t extra = at + kDirectoryEntrySize + number(at + 28, 2);
    const std::uint64_t extra_end = extra + number(at + 30, 2);
    while (extra + 4 <= extra_end) {
      std::uint64_t field = extra + 4;
      if (number(extra, 2) == 1) {
        for (std::uint64_t* value : {&file.size, &file.packed, &file.offset}) {
          if (*value != kIn64) continue;
          *value = number(field, 8);
          field += 8;
        }
      }
      extra += 4 + number(extra + 2, 2);
    }
    return file;
  }

  std::vector<std::uint8_t> contents(const Listed& file) const {
    const auto damaged = [&](const std::string& why) {
      fail(fmt::format("'{}': {}", file.name, why));
    };
    if (number(file.offset, 4) != kLocalHeader) damaged("not where the directory says");
    if ((file.flags & 1U) != 0) damaged("encrypted");
    const std::uint64_t begin =
        file.offset + kLocalHeaderSize + number(file.offset + 26, 2) + number(file.offset + 28, 2);
    const std::string_view packed = span(begin, file.packed);
    std::vector<std::uint8_t> bytes;
    if (file.method == kStored) {
      bytes.assign(packed.begin(), packed.end());
    } else if (file.method == kDeflated) {
      bytes = inflated(file, packed);
    } else {
      damaged(fmt::format("compression method {}, expected stored or deflated", file.method));
    }
    if (bytes.size() != file.size) {
      damaged(fmt::format("{} bytes found, {} announced", bytes.size(), file.size));
    }
    if (crc32_z(0, bytes.data(), bytes.size()) != file.checksum)
      damaged("its checksum (CRC-32) does not match: damaged");
    return bytes;
  }

  std::vector<std::uint8_t> inflated(const Listed& file, std::string_view packed) const {
    // Deflate makes data at most 1032 times smaller (zlib's technical details).
    if (file.size / 1032 > packed.size() + 1 || packed.size() > std::numeric_limits<uInt>::max() ||
        file.size > std::numeric_limits<uInt>::max()) {
      fail(fmt::format("'{}': {} bytes announced, more than its {} packed ones can hold", file.name,
                       file.size, packed.size()));
    }
    std::vector<std::uint8_t> bytes(file.size + 1);  // one more would be too long
    z_stream stream{};
    constexpr int raw = -MAX_WBITS;
    if (inflateInit2(&stream, raw) != Z_OK) throw Error(path_ + ": zlib cannot be started");
    std::vector<std::uint8_t> input(packed.begin(), packed.end());
    stream.next_in = input.data();
    stream.avail_in = static_cast<uInt>(input.size());
    stream.next_out = bytes.data();
    stream.avail_out = static_cast<uInt>(bytes.size());
    const int code = inflate(&stream, Z_FINISH);
    bytes.resize(stream.total_out);
    inflateEnd(&stream);
    if (code != Z_STREAM_END)
      fail(fmt::format("'{}': its compressed bytes are damaged", file.name));
    return bytes;
  }

  std::string path_;
  std::string bytes_;
};

void put(std::string& to, std::uint64_t value, int size) {
  for (int k = 0; k < size; ++k) to += static_cast<char>(value >> (8 * k) & 0xffU);
}

}  // namespace

std::vector<ZipEntry> read_zip(const std::string& path) {
  return ZipReader(path).read();
}

std::string zip_bytes(const std::vector<ZipEntry>& entries) {
  constexpr std::uint64_t version = 20;
  constexpr std::uint64_t first_of_1980 = 0x0021;
  std::string bytes;
  std::string directory;
  if (entries.size() > std::numeric_limits<std::uint16_t>::max()) {
    throw Error(fmt::format("zip: {} files, expected at most 65535", entries.size()));
  }
  for (const auto& entry : entries) {
    const std::uint64_t offset = bytes.size();
    if (offset + entry.bytes.size() >= kIn64) {
      throw Error("zip: the files are 4 GiB or more together, expected less");
    }
    // What a file's own header and its place in the directory have in common.
    std::string common;
    put(common, version, 2);
    put(common, 0, 2);  // flags
    put(common, kStored, 2);
    put(common, 0, 2);  // time
    put(common, first_of_1980, 2);
    put(common, crc32_z(0, entry.bytes.data(), entry.bytes.size()), 4);
    put(common, entry.bytes.size(), 4);
    put(common, entry.bytes.size(), 4);
    put(common, entry.name.size(), 2);
    put(common, 0, 2);  // extra field
    put(bytes, kLocalHeader, 4);
    bytes += common + entry.name;
    bytes.append(entry.bytes.begin(), entry.bytes.end());
    put(directory, kDirectoryEntry, 4);
    put(directory, version, 2);
    directory += common;
    directory.append(10, '\0');  // comment, disk, attributes
    put(directory, offset, 4);
    directory += entry.name;
  }
  const std::uint64_t begin = bytes.size();
  bytes += directory;
  put(bytes, kDirectoryEnd, 4);
  put(bytes, 0, 4);  // disks
  put(bytes, entries.size(), 2);
  put(bytes, entries.size(), 2);
  put(bytes, directory.size(), 4);
  put(bytes, begin, 4);
  put(bytes, 0, 2);  // comment
  return bytes;
}

}  // namespace thalweg
