#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "kernels/gram_store.hpp"

namespace thalweg {

/// Where things are in a Gram file, found through HDF5.
struct GramFileLayout {
  std::vector<std::int64_t> tile_offsets;  ///< by column panel and row panel; 0: not stored
  std::vector<std::uint8_t> done;
  std::vector<std::uint64_t> checksums;
  std::int64_t done_offset = 0;
  std::int64_t checksum_offset = 0;
};

/// Lays out a new Gram file, reserves its disk space, seals what will not change any more and
/// closes it. Local. Throws Error naming file and cause, the bytes wanted where the disk is full.
void create_gram_file(const std::string& file, const GramIdentity& identity,
                      const Attributes& provenance);

/// Opens an existing one. Local. Throws ConfigurationError when its identity is another, Error when
/// its seal is broken.
GramFileLayout read_gram_layout(const std::string& file, const GramIdentity& identity);

/// Seals a whole one: all but the tiles, whose strips have their checksums. Local.
void seal_gram_file(const std::string& file, const GramFileLayout& layout,
                    const GramIdentity& identity);

}  // namespace thalweg
