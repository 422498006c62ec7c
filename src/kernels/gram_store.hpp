#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "parallel/communicator.hpp"
#include "records/record.hpp"

namespace thalweg {

struct GramFileLayout;

/// What a stored Gram matrix is of: two stores with different identities never mix.
struct GramIdentity {
  std::int64_t samples = 0;
  std::int64_t block = 0;
  std::int64_t element_bytes = 8;  ///< 8: float64, 4: float32
  std::string kernel;              ///< description of every number of the kernel
  std::uint64_t data_hash = 0;
};

/// The file gram.h5 while it grows. Rank 0 lays out PATH.partial with HDF5 once and closes it: the
/// chunks of /gram (one a tile), /done and /checksum have their final places, disk space is
/// reserved, and metadata never changes again. Then every rank writes its own tiles at their
/// offsets with pwrite. A tile is marked in /done only after fdatasync of its values, so that a
/// kill at any moment leaves a readable file whose marked tiles are whole. seal() renames it to
/// PATH.
///
/// Tile (I, J) of the upper triangle, I ≤ J, column-major, is chunk (J, I) of /gram, row-major:
/// elements /gram[r, c] with r ≥ c count, the rest of the file is zero.
class GramStore {
 public:
  /// Collective over comm. With `resume`, continues PATH or PATH.partial where there is one: throws
  /// ReportedError (usage) when it is of another kernel or other data, naming what differs.
  /// Otherwise starts anew. `provenance` goes to the root attributes.
  GramStore(const Communicator& comm, std::string path, const GramIdentity& identity,
            const Attributes& provenance, bool resume);
  GramStore(const GramStore&) = delete;
  GramStore& operator=(const GramStore&) = delete;
  ~GramStore();

  /// Local. Was the tile there when the file was opened? Its checksum has yet to be proved by
  /// read().
  [[nodiscard]] bool done(std::int64_t row, std::int64_t column) const;
  [[nodiscard]] std::int64_t done_count() const;
  /// Local. Reads a tile; false when it does not match its checksum.
  [[nodiscard]] bool read(std::int64_t row, std::int64_t column, void* tile) const;
  /// Local. Writes a tile; marked by the next flush. Throws Error naming file and cause.
  void write(std::int64_t row, std::int64_t column, const void* tile);
  /// Local. Makes what was written durable, then marks it.
  void flush();
  /// Local. flush() when ten seconds have passed since the last one.
  void flush_if_due();
  /// Collective over comm, when all tiles are written. Reads a sample back, renames PATH.partial to
  /// PATH.
  void seal();
  [[nodiscard]] const std::string& path() const { return path_; }

 private:
  [[nodiscard]] std::int64_t entry(std::int64_t row, std::int64_t column) const;
  void share(GramFileLayout& layout);
  void transfer_in(std::int64_t offset, void* bytes, std::int64_t size) const;
  void transfer_out(std::int64_t offset, const void* bytes, std::int64_t size) const;

  const Communicator* comm_;
  std::string path_;
  std::string partial_;
  GramIdentity identity_;
  std::int64_t panels_;
  std::int64_t tile_bytes_;
  bool sealed_ = false;
  int file_ = -1;
  // By entry of the file's panels × panels journal, row-major.
  std::vector<std::int64_t> tile_offsets_;  ///< bytes; 0 above the file's diagonal
  std::vector<std::uint8_t> done_;
  std::vector<std::uint64_t> checksums_;
  std::int64_t done_offset_ = 0;
  std::int64_t checksum_offset_ = 0;
  std::vector<std::int64_t> pending_;  ///< entries written, not yet marked
  std::vector<std::int64_t> written_;
  Stopwatch watch_;
  double last_flush_s_ = 0.0;
};

/// Local. 64-bit checksum of a buffer whose size is a multiple of 64 bytes (eight FNV-like lanes).
[[nodiscard]] std::uint64_t tile_checksum(const void* bytes, std::int64_t size);

}  // namespace thalweg
