#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace thalweg {

/// Bytes of a file that its seal does not cover, because they change or have checksums of their
/// own.
struct UnsealedRange {
  std::int64_t offset = 0;
  std::int64_t size = 0;
};

/// What a file's end says of its bytes.
enum class Seal : std::uint8_t {
  absent,  ///< it has none
  whole,   ///< every covered byte is as it was
  broken,  ///< some byte has changed
};

/// `bytes` with a seal behind them: a checksum that proves every byte. HDF5 passes over what stands
/// behind its own data, and a library that changes the file cuts it off. Local.
std::string sealed(std::string bytes);

/// Puts a seal at the end of `path`, in the place of one that is there, and flushes it to the disk.
/// `open` may change later. Local. Throws Error naming file and cause.
void seal_file(const std::string& path, const std::vector<UnsealedRange>& open);

/// Reads all covered bytes. It must come before HDF5 opens a file that may be damaged: version 1.10
/// crashes on some damaged metadata. Local. Throws Error where the file cannot be read.
Seal check_seal(const std::string& path);

/// The same, but a broken one throws Error. Local.
Seal sound_seal(const std::string& path);

}  // namespace thalweg
