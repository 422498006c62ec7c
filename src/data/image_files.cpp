#include "data/image_files.hpp"

#include <fmt/format.h>

#include "base/error.hpp"

namespace thalweg {

void LabelledImages::keep_first(std::int64_t count, const std::string& where, Half half) {
  const auto available = static_cast<std::int64_t>(labels.size());
  if (count == -1) return;
  if (count > available) {
    throw ConfigurationError(
        fmt::format("{}: [data] {} = {} asks for more than the {} samples there", where,
                    half == Half::train ? "train" : "test", count, available));
  }
  labels.resize(static_cast<std::size_t>(count));
  bytes.resize(static_cast<std::size_t>(count * shape.features()));
}

}  // namespace thalweg
