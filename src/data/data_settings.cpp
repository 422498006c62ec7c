#include "data/data_settings.hpp"

#include <algorithm>
#include <filesystem>
#include <string>
#include <vector>

#include "data/glyphs.hpp"

namespace thalweg {

namespace {

std::int64_t sample_count(const Settings& table, const std::string& key, std::int64_t fallback) {
  const std::int64_t count = table.integer(key, fallback);
  if (count != -1 && count < 1) {
    table.fail(key, "found " + std::to_string(count) + ", expected at least 1, or -1 for all");
  }
  return count;
}

std::string absolute(const std::string& path) {
  return std::filesystem::absolute(path).lexically_normal().string();
}

void refuse_elsewhere(const Settings& table, const std::vector<std::string>& keys,
                      const std::string& sources) {
  for (const auto& key : keys) {
    if (table.has(key)) table.fail(key, "only source " + sources + " has it");
  }
}

/// What csv and libsvm have beside the others.
void read_table_keys(const Settings& table, DataOptions& options) {
  if (options.source == "csv") {
    options.label_column = table.integer_or_string("label_column", options.label_column);
    options.separator = table.choice("separator", csv_separators(), options.separator);
    options.header = table.choice("header", csv_headers(), options.header);
  } else {
    refuse_elsewhere(table, {"label_column", "separator", "header"}, "\"csv\"");
  }
  if (!is_table(options.source)) {
    refuse_elsewhere(table, {"test_path", "test_fraction"}, R"("csv" or "libsvm")");
    return;
  }
  const std::string test_path = table.string("test_path", "");
  if (!test_path.empty()) {
    options.test_path = absolute(test_path);
    table.expect_file("test_path", options.test_path);
    if (table.has("test_fraction")) {
      table.fail("test_fraction", "test_path already says what is tested on; leave one out");
    }
    return;
  }
  if (table.has("test_fraction")) {
    options.test_fraction = table.number("test_fraction", 0.0);
    if (!(options.test_fraction > 0.0 && options.test_fraction < 1.0)) {
      table.fail("test_fraction", "expected more than 0 and less than 1");
    }
  } else if (options.test == -1) {
    table.fail("test_path",
               "source \"" + options.source +
                   "\" needs test_path (a file), test_fraction or test (how many samples of path "
                   "to hold out)");
  }
}

}  // namespace

DataOptions data_options(const Settings& data_table, std::uint64_t seed) {
  DataOptions options;
  options.seed = seed;
  options.source = data_table.choice("source", data_sources(), options.source);
  const bool built_in = options.source == "glyphs";
  options.train = sample_count(data_table, "train", built_in ? 10000 : -1);
  options.test = sample_count(data_table, "test", built_in ? 2000 : -1);

  const std::string path = data_table.string("path", "");
  if (!path.empty()) options.path = absolute(path);
  if (!path.empty() && !built_in) {
    if (path_is_file(options.source)) {
      data_table.expect_file("path", options.path);
    } else {
      data_table.expect_folder("path", options.path);
    }
  }
  if (!built_in && path.empty()) {
    data_table.fail("path",
                    "source \"" + options.source + "\" needs " +
                        (path_is_file(options.source) ? "its file" : "the folder of its files"));
  }
  if (built_in) {
    options.image_size = data_table.integer("image_size", options.image_size);
    if (options.image_size < Glyphs::smallest_size || options.image_size > Glyphs::largest_size) {
      data_table.fail("image_size", "found " + std::to_string(options.image_size) + ", expected " +
                                        std::to_string(Glyphs::smallest_size) + " to " +
                                        std::to_string(Glyphs::largest_size) + " pixels");
    }
  } else if (data_table.has("image_size")) {
    data_table.fail("image_size", "only source \"glyphs\" has a choice of it");
  }

  read_table_keys(data_table, options);
  if (!has_layout(options.source)) {
    refuse_elsewhere(data_table, {"layout"}, R"("npy" or "hdf5")");
  } else {
    const bool said = data_table.has("layout");
    const auto layout = data_table.choice("layout", image_layouts(), "channels_first");
    if (said) options.layout = layout;
  }
  if (options.source == "uci") {
    options.split = data_table.integer("split", 0);
    if (options.split < 0 || options.split > 3) {
      data_table.fail(
          "split", "found " + std::to_string(options.split) + ", expected 0 to 3, a hold-out pair");
    }
  } else {
    refuse_elsewhere(data_table, {"split"}, "\"uci\"");
  }

  const auto& known = preprocess_steps();
  options.preprocess = data_table.strings("preprocess", {});
  for (const auto& step : options.preprocess) {
    if (std::find(known.begin(), known.end(), step) == known.end()) {
      data_table.fail("preprocess",
                      "\"" + step + "\" is not known; known are " + comma_separated(known));
    }
  }
  const auto& steps = options.preprocess;
  if (std::find(steps.begin(), steps.end(), "zca") != steps.end()) {
    options.zca_epsilon = data_table.positive("zca_epsilon", options.zca_epsilon);
    if (options.zca_epsilon > 1.0) {
      data_table.fail("zca_epsilon", "expected at most 1: it counts in mean eigenvalues");
    }
  } else if (data_table.has("zca_epsilon")) {
    data_table.fail("zca_epsilon", "only the preprocessing step \"zca\" uses it");
  }
  const std::string placement = data_table.choice("placement", {"node", "sharded"}, "node");
  options.placement = placement == "node" ? Placement::node : Placement::sharded;
  check_data_options(options);
  return options;
}

}  // namespace thalweg
