#include "data/data_options.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/error.hpp"
#include "data/glyphs.hpp"

namespace thalweg {

const std::vector<std::string>& data_sources() {
  static const std::vector<std::string> names{"glyphs", "idx", "cifar10", "cifar100"};
  return names;
}

std::string comma_separated(const std::vector<std::string>& names) {
  std::string text;
  for (const auto& name : names) text += (text.empty() ? "" : ", ") + name;
  return text;
}

const std::vector<std::string>& preprocess_steps() {
  static const std::vector<std::string> names{"standardize", "unit_norm", "center", "scale01"};
  return names;
}

namespace {

void check_known(const std::string& name, const std::vector<std::string>& known, const char* key) {
  if (std::find(known.begin(), known.end(), name) != known.end()) return;
  throw ConfigurationError(std::string("[data] ") + key + ": \"" + name +
                           "\" is not known; known are " + comma_separated(known));
}

void check_count(std::int64_t count, const char* key) {
  if (count > 0 || count == -1) return;
  throw ConfigurationError(
      fmt::format("[data] {} = {}: expected at least one sample, or -1 for all", key, count));
}

}  // namespace

void check_data_options(const DataOptions& options) {
  check_known(options.source, data_sources(), "source");
  for (const auto& step : options.preprocess) check_known(step, preprocess_steps(), "preprocess");
  check_count(options.train, "train");
  check_count(options.test, "test");
  if (options.source == "glyphs") {
    for (const std::int64_t count : {options.train, options.test}) {
      if (count > Glyphs::test_offset) {
        throw ConfigurationError(
            fmt::format("[data]: {} samples asked for; there are {}", count, Glyphs::test_offset));
      }
    }
    if (options.image_size < Glyphs::smallest_size || options.image_size > Glyphs::largest_size) {
      throw ConfigurationError(fmt::format("[data] image_size = {}: expected {} to {} pixels",
                                           options.image_size, Glyphs::smallest_size,
                                           Glyphs::largest_size));
    }
  } else if (options.path.empty()) {
    throw ConfigurationError(
        fmt::format("[data] path: source \"{}\" needs the folder of its files", options.source));
  }
}

}  // namespace thalweg
