#pragma once

#include <cstdint>
#include <set>
#include <string>
#include <vector>

#include "records/record_file.hpp"

namespace thalweg {

/// Which columns of a record's tables a person wants to see, and how.
struct ShowOptions {
  std::vector<std::string>
      columns;             ///< these alone, beside what names the rows; empty: by importance
  std::string sort;        ///< rows ascending by this column; empty: as recorded
  bool all = false;        ///< every column, however wide that becomes
  std::size_t width = 80;  ///< of the terminal
};

/// The one-dimensional columns of a record's groups as tables that fit a terminal: the most telling
/// columns that there is room for, what is left out named below. Local.
class ShowTables {
 public:
  explicit ShowTables(const ShowOptions& options) : options_(options) {}

  /// The table of one group; only its ends where it has more than `most_rows`. Empty without
  /// columns.
  [[nodiscard]] std::string of(const RecordFile& file, const std::string& group,
                               std::int64_t most_rows);
  /// After all tables: throws ConfigurationError for a column asked for that none of them has.
  void reject_unknown() const;

 private:
  [[nodiscard]] std::vector<std::string> chosen(const std::vector<std::string>& names) const;

  const ShowOptions& options_;
  std::set<std::string> known_;
};

using TextTable = std::vector<std::vector<std::string>>;  ///< rows of cells

/// Cells under each other, to the right of their columns. Local.
[[nodiscard]] std::string aligned(const TextTable& table);
/// The same to the left, the last column wrapped to `width`. Local.
[[nodiscard]] std::string described(const TextTable& table, std::size_t width);
/// Values as text, six digits of floating-point ones. Local.
[[nodiscard]] std::vector<std::string> cells(const ArrayValues& values);

}  // namespace thalweg
