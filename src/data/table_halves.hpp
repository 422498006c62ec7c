#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "data/sample_files.hpp"

namespace thalweg {

/// More classes than this are taken for a column that holds no classes.
inline constexpr std::int64_t kMostClasses = 65536;

/// Rows of a text file before its labels have become classes.
struct TableRows {
  std::string path;
  std::int64_t features = 0;
  std::vector<std::string> labels;
  std::vector<std::int64_t> lines;  ///< where each sample stands, for messages
  std::vector<double> numbers;      ///< samples × features
};

/// Turns labels into classes 0..c−1, the distinct labels of all files in ascending order (as
/// integers if all are, else as texts; a number that is no integer is refused), and makes the two
/// halves: of `test` if it has rows, else of `train` cut by a permutation of
/// Stream(seed, Purpose::split, 0), whose first samples are the test half. Local. Throws
/// ConfigurationError.
SampleHalves table_halves(TableRows train, TableRows test, const DataOptions& options);

/// Throws ConfigurationError naming `path` if so many features cannot be held in the memory of this
/// machine.
void check_table_size(const std::string& path, std::int64_t samples, std::int64_t features);

}  // namespace thalweg
