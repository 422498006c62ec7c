#include "data/sample_files.hpp"

#include <fmt/format.h>

#include "base/error.hpp"

namespace thalweg {

void LabelledSamples::keep_first(std::int64_t count, const std::string& where, Half half) {
  if (count == -1) return;
  if (count > size()) {
    throw ConfigurationError(
        fmt::format("{}: [data] {} = {} asks for more than the {} samples there", where,
                    half == Half::train ? "train" : "test", count, size()));
  }
  labels.resize(static_cast<std::size_t>(count));
  const auto values = static_cast<std::size_t>(count * shape.features());
  if (!bytes.empty()) bytes.resize(values);
  if (!numbers.empty()) numbers.resize(values);
}

LabelledSamples LabelledSamples::select(const std::vector<std::int64_t>& samples) const {
  LabelledSamples part{shape, classes, {}, {}, {}};
  const auto features = shape.features();
  part.labels.reserve(samples.size());
  for (const std::int64_t i : samples) {
    part.labels.push_back(labels[static_cast<std::size_t>(i)]);
    if (!bytes.empty()) {
      const auto row = bytes.begin() + i * features;
      part.bytes.insert(part.bytes.end(), row, row + features);
    }
    if (!numbers.empty()) {
      const auto row = numbers.begin() + i * features;
      part.numbers.insert(part.numbers.end(), row, row + features);
    }
  }
  return part;
}

}  // namespace thalweg
