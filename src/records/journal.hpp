#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "records/file_descriptor.hpp"

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
  Journal(const std::string& path, std::int64_t values_per_row);

  /// Local. Throws Error naming file and cause.
  void append(const JournalRow& row);

 private:
  FileDescriptor file_;
  std::int64_t end_;  ///< of the last whole row
};

/// The whole rows of a journal, none where there is no file. Local.
std::vector<JournalRow> read_journal(const std::string& path, std::int64_t values_per_row);

}  // namespace thalweg
