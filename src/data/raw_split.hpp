#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "data/data_options.hpp"
#include "parallel/partition.hpp"

namespace thalweg {

/// Samples as a file or the generator gives them: one byte a feature. Local.
struct RawSplit {
  ImageShape shape;
  std::int64_t classes = 0;
  std::vector<std::int32_t> labels;  ///< of all samples
  Range held;                        ///< samples whose bytes are here
  std::vector<std::uint8_t> bytes;   ///< held.size() × features

  [[nodiscard]] std::int64_t size() const { return static_cast<std::int64_t>(labels.size()); }
  /// Features of a held sample as value/255.
  void read_row(std::int64_t sample, std::span<double> row) const {
    const auto* from = bytes.data() + static_cast<std::size_t>(sample - held.begin) * row.size();
    for (std::size_t j = 0; j < row.size(); ++j) row[j] = static_cast<double>(from[j]) / 255.0;
  }
};

}  // namespace thalweg
