#pragma once

#include <algorithm>
#include <cstdint>
#include <span>
#include <vector>

#include "data/data_options.hpp"
#include "parallel/partition.hpp"

namespace thalweg {

/// Samples as a file or the generator gives them: one byte a feature, or numbers. Local.
struct RawSplit {
  ImageShape shape;
  std::int64_t classes = 0;
  std::vector<std::int32_t> labels;  ///< of all samples
  Range held;                        ///< samples whose features are here
  std::vector<std::uint8_t> bytes;   ///< held.size() × features, or empty
  std::vector<double> numbers;       ///< held.size() × features where the source is not of bytes

  [[nodiscard]] std::int64_t size() const { return static_cast<std::int64_t>(labels.size()); }
  /// Features of a held sample: a byte as value/255, a number as it is.
  void read_row(std::int64_t sample, std::span<double> row) const {
    const auto at = static_cast<std::size_t>(sample - held.begin) * row.size();
    if (!numbers.empty()) {
      std::copy_n(numbers.data() + at, row.size(), row.data());
      return;
    }
    const auto* from = bytes.data() + at;
    for (std::size_t j = 0; j < row.size(); ++j) row[j] = static_cast<double>(from[j]) / 255.0;
  }
};

}  // namespace thalweg
