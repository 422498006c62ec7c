#pragma once

#include <cstdint>
#include <vector>

#include "data/matrix_entries.hpp"

namespace thalweg {

enum class MeanKind : std::uint8_t {
  all,         ///< of all observed entries
  row,         ///< of the entry's row
  column,      ///< of the entry's column
  row_column,  ///< all + the column's mean deviation + the row's mean deviation from both
};

/// Every element as a mean of observed ones, row-major; a row or column of which nothing was
/// observed has the mean of all. Local. Throws Error where nothing was observed.
std::vector<double> mean_prediction(std::int64_t rows, std::int64_t columns,
                                    const MatrixEntries& entries, MeanKind kind);

}  // namespace thalweg
