#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace thalweg {

/// One finished piece of work: its number and what came of it.
struct JournalRow {
  std::int64_t index = 0;
  std::vector<double> values;
};

/// A file of finished pieces of work that grows row by row, so that nothing finished is lost when
/// the process is killed. Every row carries a checksum; a row cut short or damaged counts as not
/// written.
class Journal {
 public:
  /// Opens `path`, made if missing, after its last whole row. Local: one process writes. Throws
  /// Error.
  Journal(std::string path, std::int64_t values_per_row);
  Journal(const Journal&) = delete;
  Journal& operator=(const Journal&) = delete;
  ~Journal();

  /// Local. Throws Error naming file and cause.
  void append(const JournalRow& row);

 private:
  std::string path_;
  std::int64_t values_;
  int file_ = -1;
};

/// The whole rows of a journal, none where there is no file. Local.
std::vector<JournalRow> read_journal(const std::string& path, std::int64_t values_per_row);

}  // namespace thalweg
