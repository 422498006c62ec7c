#include "data/data_options.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/error.hpp"
#include "data/glyphs.hpp"

namespace thalweg {

const std::vector<std::string>& data_sources() {
  static const std::vector<std::string> names{"glyphs", "idx", "cifar10", "cifar100", "csv",
                                              "libsvm", "npy", "hdf5",    "uci"};
  return names;
}

bool is_table(const std::string& source) {
  return source == "csv" || source == "libsvm";
}

bool path_is_file(const std::string& source) {
  return is_table(source) || source == "hdf5";
}

bool has_layout(const std::string& source) {
  return source == "npy" || source == "hdf5";
}

const std::vector<std::string>& image_layouts() {
  static const std::vector<std::string> names{"channels_first", "channels_last"};
  return names;
}

const std::vector<std::string>& csv_separators() {
  static const std::vector<std::string> names{"comma", "semicolon", "tab", "space"};
  return names;
}

const std::vector<std::string>& csv_headers() {
  static const std::vector<std::string> names{"auto", "yes", "no"};
  return names;
}

std::string comma_separated(const std::vector<std::string>& names) {
  std::string text;
  for (const auto& name : names) text += (text.empty() ? "" : ", ") + name;
  return text;
}

const std::vector<std::string>& preprocess_steps() {
  static const std::vector<std::string> names{"standardize", "unit_norm", "center", "scale01",
                                              "zca"};
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

void check_table(const DataOptions& options) {
  check_known(options.separator, csv_separators(), "separator");
  check_known(options.header, csv_headers(), "header");
  if (!options.test_path.empty() && options.test_fraction != 0.0) {
    throw ConfigurationError("[data] test_fraction: test_path already says what is tested on");
  }
  if (!(options.test_fraction >= 0.0 && options.test_fraction < 1.0)) {
    throw ConfigurationError(fmt::format(
        "[data] test_fraction = {}: expected more than 0 and less than 1", options.test_fraction));
  }
  if (options.test_path.empty() && options.test_fraction == 0.0 && options.test == -1) {
    throw ConfigurationError(
        fmt::format("[data]: source \"{}\" needs test_path (a file), test_fraction or test (how "
                    "many samples of path to hold out)",
                    options.source));
  }
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
        fmt::format("[data] path: source \"{}\" needs {}", options.source,
                    path_is_file(options.source) ? "its file" : "the folder of its files"));
  }
  if (is_table(options.source)) check_table(options);
  if (!options.layout.empty()) check_known(options.layout, image_layouts(), "layout");
  if (options.source == "uci" && (options.split < 0 || options.split > 3)) {
    throw ConfigurationError(
        fmt::format("[data] split = {}: expected 0 to 3, a hold-out pair", options.split));
  }
  if (!(options.zca_epsilon > 0.0 && options.zca_epsilon <= 1.0)) {
    throw ConfigurationError(fmt::format(
        "[data] zca_epsilon = {}: expected more than 0 and at most 1", options.zca_epsilon));
  }
}

}  // namespace thalweg
