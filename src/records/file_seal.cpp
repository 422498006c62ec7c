#include "records/file_seal.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <optional>
#include <string_view>

#include "base/checksum.hpp"
#include "base/error.hpp"
#include "records/file_descriptor.hpp"

namespace thalweg {

namespace {

constexpr std::uint64_t kMark = 0x316c616573776874U;  // "thwseal1" in little-endian bytes
constexpr std::int64_t kPiece = std::int64_t{8} << 20;

/// The last bytes of a sealed file; before them stand the unsealed ranges.
struct Trailer {
  std::int64_t ranges = 0;
  std::int64_t size = 0;       ///< of the file without ranges and trailer
  std::uint64_t checksum = 0;  ///< of the covered bytes
  std::uint64_t own = 0;       ///< of ranges and the three numbers above
  std::uint64_t mark = kMark;
};
static_assert(sizeof(Trailer) == 40);

/// Checksum of pieces that follow one another, in pieces of a fixed size.
class RunningChecksum {
 public:
  void add(const char* bytes, std::int64_t size) {
    for (std::int64_t at = 0; at < size; at += kPiece) {
      sums_.push_back(block_checksum(bytes + at, std::min(kPiece, size - at)));
    }
  }
  [[nodiscard]] std::uint64_t value() const {
    return block_checksum(sums_.data(),
                          static_cast<std::int64_t>(sums_.size() * sizeof(std::uint64_t)));
  }

 private:
  std::vector<std::uint64_t> sums_;
};

std::uint64_t checksum_of(const std::vector<UnsealedRange>& ranges, const Trailer& trailer) {
  const auto range_bytes = ranges.size() * sizeof(UnsealedRange);
  std::string bytes(range_bytes + offsetof(Trailer, own), '\0');
  if (range_bytes > 0) std::memcpy(bytes.data(), ranges.data(), range_bytes);
  std::memcpy(bytes.data() + range_bytes, &trailer, offsetof(Trailer, own));
  return block_checksum(bytes.data(), static_cast<std::int64_t>(bytes.size()));
}

std::string seal_bytes(const std::vector<UnsealedRange>& ranges, std::int64_t size,
                       std::uint64_t checksum) {
  Trailer trailer;
  trailer.ranges = static_cast<std::int64_t>(ranges.size());
  trailer.size = size;
  trailer.checksum = checksum;
  trailer.own = checksum_of(ranges, trailer);
  const auto range_bytes = ranges.size() * sizeof(UnsealedRange);
  std::string bytes(range_bytes + sizeof(Trailer), '\0');
  if (range_bytes > 0) std::memcpy(bytes.data(), ranges.data(), range_bytes);
  std::memcpy(bytes.data() + range_bytes, &trailer, sizeof(Trailer));
  return bytes;
}

/// Checksum of the first `size` bytes of a file without `open`, which is in order.
std::uint64_t covered_checksum(const FileDescriptor& file, std::int64_t size,
                               const std::vector<UnsealedRange>& open) {
  RunningChecksum sum;
  std::string piece;
  std::int64_t at = 0;
  const auto cover = [&](std::int64_t end) {
    while (at < end) {
      piece.resize(static_cast<std::size_t>(std::min(kPiece, end - at)));
      file.read_at(at, piece.data(), static_cast<std::int64_t>(piece.size()));
      sum.add(piece.data(), static_cast<std::int64_t>(piece.size()));
      at += static_cast<std::int64_t>(piece.size());
    }
  };
  for (const auto& range : open) {
    cover(range.offset);
    at = range.offset + range.size;
  }
  cover(size);
  return sum.value();
}

struct FoundSeal {
  Trailer trailer;
  std::vector<UnsealedRange> ranges;
  bool sound = false;  ///< its own bytes are as they were
};

/// Whether bytes stand behind the end that HDF5's superblock names (file format specification,
/// II.A): then there was a seal, for HDF5 itself leaves none.
bool goes_on_behind_hdf5(const FileDescriptor& file, std::int64_t size) {
  constexpr std::string_view signature = "\x89HDF\r\n\x1a\n";
  std::array<char, 52> start{};
  if (size < static_cast<std::int64_t>(start.size())) return false;
  file.read_at(0, start.data(), start.size());
  const std::size_t version = static_cast<unsigned char>(start[signature.size()]);
  if (!std::string_view(start.data(), start.size()).starts_with(signature) || version > 3) {
    return false;
  }
  constexpr std::array<std::size_t, 4> place{40, 44, 28, 28};
  std::uint64_t end = 0;
  std::memcpy(&end, start.data() + place.at(version), sizeof(end));
  return end < static_cast<std::uint64_t>(size);
}

std::optional<FoundSeal> find_seal(const FileDescriptor& file) {
  const std::int64_t size = file.size();
  constexpr auto own = static_cast<std::int64_t>(sizeof(Trailer));
  constexpr auto each = static_cast<std::int64_t>(sizeof(UnsealedRange));
  if (size < own) return std::nullopt;
  FoundSeal found;
  file.read_at(size - own, &found.trailer, own);
  const Trailer& trailer = found.trailer;
  const std::int64_t room = (size - own) / each;
  const bool fits = trailer.ranges >= 0 && trailer.ranges <= room &&
                    trailer.size == size - own - trailer.ranges * each;
  // One damaged number leaves the others as witnesses that this is a seal.
  if (trailer.mark != kMark && !fits && !goes_on_behind_hdf5(file, size)) return std::nullopt;
  if (!fits) return found;
  found.ranges.resize(static_cast<std::size_t>(trailer.ranges));
  file.read_at(trailer.size, found.ranges.data(), trailer.ranges * each);
  found.sound = trailer.mark == kMark && trailer.own == checksum_of(found.ranges, trailer);
  return found;
}

}  // namespace

std::string sealed(std::string bytes) {
  RunningChecksum sum;
  const auto size = static_cast<std::int64_t>(bytes.size());
  sum.add(bytes.data(), size);
  return std::move(bytes) + seal_bytes({}, size, sum.value());
}

void seal_file(const std::string& path, const std::vector<UnsealedRange>& open) {
  const FileDescriptor file(path, O_RDWR);
  const auto old = find_seal(file);
  const std::int64_t size = old && old->sound ? old->trailer.size : file.size();
  auto ranges = open;
  std::sort(ranges.begin(), ranges.end(),
            [](const auto& a, const auto& b) { return a.offset < b.offset; });
  const std::string seal = seal_bytes(ranges, size, covered_checksum(file, size, ranges));
  // The file has its length before its end is written: a network file system that keeps pages back
  // sends what lies within it.
  file.truncate(size);
  file.truncate(size + static_cast<std::int64_t>(seal.size()));
  file.write_at(size, seal.data(), static_cast<std::int64_t>(seal.size()));
  file.sync();
}

Seal check_seal(const std::string& path) {
  const FileDescriptor file(path, O_RDONLY);
  const auto found = find_seal(file);
  if (!found) return Seal::absent;
  const bool whole = found->sound && found->trailer.checksum ==
                                         covered_checksum(file, found->trailer.size, found->ranges);
  return whole ? Seal::whole : Seal::broken;
}

Seal sound_seal(const std::string& path) {
  const Seal seal = check_seal(path);
  if (seal == Seal::broken) {
    throw Error(path + ": damaged: its checksum does not match its bytes");
  }
  return seal;
}

}  // namespace thalweg
