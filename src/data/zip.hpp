#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace thalweg {

/// A file within a zip archive.
struct ZipEntry {
  std::string name;
  std::vector<std::uint8_t> bytes;
};

/// All files of an archive, stored or deflated, in the order of its directory (PKWARE's APPNOTE,
/// with the 64-bit sizes that NumPy writes). Sizes and checksums are verified. Local. Throws
/// ConfigurationError naming the archive and what is wrong with it.
std::vector<ZipEntry> read_zip(const std::string& path);

/// An archive of files that are stored as they are, dated 1980-01-01: the same files give the same
/// bytes. Local. Throws Error for 4 GiB or more.
std::string zip_bytes(const std::vector<ZipEntry>& entries);

}  // namespace thalweg
