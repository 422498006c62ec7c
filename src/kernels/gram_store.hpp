#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "parallel/communicator.hpp"
#include "records/file_descriptor.hpp"
#include "records/journal.hpp"
#include "records/record.hpp"

namespace thalweg {

struct GramFileLayout;

/// What a stored kernel matrix is of: two stores with different identities never mix.
struct GramIdentity {
  std::int64_t rows = 0;
  std::int64_t columns = 0;
  std::int64_t block = 0;
  std::int64_t strips = 1;         ///< of columns, in which a tile is computed and marked
  std::int64_t element_bytes = 8;  ///< 8: float64, 4: float32
  bool symmetric = true;           ///< only the tiles with row ≤ column are stored
  std::string kernel;              ///< description of every number of the kernel
  std::uint64_t data_hash = 0;

  [[nodiscard]] std::int64_t row_panels() const { return (rows + block - 1) / block; }
  [[nodiscard]] std::int64_t column_panels() const { return (columns + block - 1) / block; }
  [[nodiscard]] std::int64_t strip_bytes() const {
    return block * (block / strips) * element_bytes;
  }
  [[nodiscard]] bool wanted(std::int64_t row, std::int64_t column) const {
    return !symmetric || row <= column;
  }
};

/// A strip of a tile: what is computed, written and marked in one piece.
struct StripPlace {
  std::int64_t row = 0;     ///< row panel
  std::int64_t column = 0;  ///< column panel
  std::int64_t strip = 0;
  friend bool operator==(const StripPlace&, const StripPlace&) = default;
};

/// The file gram.h5 while it grows. Rank 0 lays out PATH.partial with HDF5 once and closes it: the
/// chunks of /gram (one a tile), /done and /checksum have their final places, disk space is
/// reserved, and metadata never changes again. Then every rank writes its own strips at their
/// offsets with pwrite, whole pages at a time. A strip is marked only after fdatasync of its
/// values, so that after a kill at any moment every marked strip is whole. Marks are small and lie
/// side by side, and a network file system sends whole pages: so each rank keeps its own in a
/// journal beside the file, and one rank alone, at the next opening or at seal(), puts them into
/// /done and /checksum. seal() renames the file to PATH.
///
/// Tile (I, J), column-major, is chunk (J, I) of /gram, row-major: the file holds the transpose. Of
/// a symmetric matrix only tiles I ≤ J are stored: elements /gram[r, c] with r ≥ c count, the rest
/// of the file is zero. /done and /checksum have one row a strip and one column a row panel.
class GramStore {
 public:
  /// Collective over comm. With `resume`, continues PATH or PATH.partial where there is one: throws
  /// ReportedError (usage) when it is of another kernel or other data, naming what differs.
  /// Otherwise starts anew. `provenance` goes to the root attributes.
  GramStore(const Communicator& comm, std::string path, GramIdentity identity,
            const Attributes& provenance, bool resume);
  GramStore(const GramStore&) = delete;
  GramStore& operator=(const GramStore&) = delete;

  [[nodiscard]] const GramIdentity& identity() const { return identity_; }
  /// Local. Was the strip there when the file was opened, or written and flushed by this rank
  /// since? Its checksum has yet to be proved by read().
  [[nodiscard]] bool done(StripPlace place) const;
  [[nodiscard]] std::int64_t done_count() const;
  /// Local. Reads a strip (strip_bytes()); false when it does not match its checksum.
  [[nodiscard]] bool read(StripPlace place, void* strip) const;
  /// Local. Writes a strip; marked by the next flush. Throws Error naming file and cause.
  void write(StripPlace place, const void* strip);
  /// Local. Makes what was written durable, then marks it.
  void flush();
  /// Local. flush() when ten seconds have passed since the last one.
  void flush_if_due();
  /// Collective over comm, when all strips are written. Reads a sample back, renames PATH.partial
  /// to PATH; every rank then knows every checksum.
  void seal();
  [[nodiscard]] bool sealed() const { return sealed_; }
  [[nodiscard]] const std::string& path() const { return path_; }

 private:
  [[nodiscard]] std::int64_t entry(StripPlace place) const;
  [[nodiscard]] std::int64_t offset(std::int64_t entry) const;
  void share(GramFileLayout& layout);
  void open_on_root(GramFileLayout& layout, const Attributes& provenance, bool resume);
  void gather_marks();

  const Communicator* comm_;
  std::string path_;
  std::string partial_;
  GramIdentity identity_;
  bool sealed_ = false;
  std::optional<FileDescriptor> file_;
  std::vector<std::int64_t> tile_offsets_;  ///< bytes, by column panel and row panel; 0: not stored
  // By entry of the journal: column panels · strips rows of row panels.
  std::vector<std::uint8_t> done_;
  std::vector<std::uint64_t> checksums_;
  std::int64_t done_offset_ = 0;
  std::int64_t checksum_offset_ = 0;
  std::vector<std::int64_t> pending_;  ///< entries written, not yet marked
  std::vector<std::int64_t> written_;
  std::optional<Journal> marks_;  ///< of this rank, once it has marked one
  Stopwatch watch_;
  double last_flush_s_ = 0.0;
};

/// What stands in /done.
inline constexpr std::uint8_t kMissing = 0;
inline constexpr std::uint8_t kWritten = 1;
inline constexpr std::uint8_t kUnwanted = 2;

}  // namespace thalweg
