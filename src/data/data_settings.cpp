#include "data/data_settings.hpp"

#include <algorithm>
#include <filesystem>
#include <string>
#include <vector>

#include "data/glyphs.hpp"

namespace thalweg {

namespace {

std::string absolute(const std::string& path) {
  return std::filesystem::absolute(path).lexically_normal().string();
}

std::vector<std::string> sources_but_glyphs() {
  auto sources = data_sources();
  std::erase(sources, "glyphs");
  return sources;
}

std::vector<std::string> sources_that(bool (*is_so)(const std::string&)) {
  std::vector<std::string> sources;
  for (const auto& source : data_sources()) {
    if (is_so(source)) sources.push_back(source);
  }
  return sources;
}

Key test_fraction_key() {
  Key key{"test_fraction",
          0.5,
          {.above = 0.0, .below = 1.0},
          "share of path held out for testing, in place of test_path or test",
          KeyCondition{"source", sources_that(is_table)}};
  key.is_optional = true;
  return key;
}

std::int64_t sample_count(const Settings& table, const Values& values, const std::string& key) {
  const std::int64_t count = values.integer(key);
  if (count != 0) return count;
  table.fail(key, "found 0, expected at least 1, or -1 for all");
}

void take_path(const Settings& table, const Values& values, DataOptions& options) {
  const bool built_in = options.source == "glyphs";
  const auto& path = values.string("path");
  if (!path.empty()) options.path = absolute(path);
  if (built_in) return;
  if (path.empty()) {
    table.fail("path", "source \"" + options.source + "\" needs " +
                           (path_is_file(options.source) ? "its file" : "the folder of its files"));
  }
  if (path_is_file(options.source)) {
    table.expect_file("path", options.path);
  } else {
    table.expect_folder("path", options.path);
  }
}

/// What csv and libsvm are tested on.
void take_test(const Settings& table, const Values& values, DataOptions& options) {
  const auto& test_path = values.string("test_path");
  if (!test_path.empty()) {
    options.test_path = absolute(test_path);
    table.expect_file("test_path", options.test_path);
    if (table.has("test_fraction")) {
      table.fail("test_fraction", "test_path already says what is tested on; leave one out");
    }
    return;
  }
  if (table.has("test_fraction")) {
    Key key = test_fraction_key();
    key.when.reset();  // the source is one of them
    options.test_fraction = Values(table, {key}).number("test_fraction");
  } else if (options.test == -1) {
    table.fail("test_path",
               "source \"" + options.source +
                   "\" needs test_path (a file), test_fraction or test (how many samples of path "
                   "to hold out)");
  }
}

/// Those that are read whether they are there or not.
std::vector<Key> read_keys() {
  std::vector<Key> keys = data_keys();
  std::erase_if(keys, [](const Key& key) { return key.is_optional; });
  return keys;
}

}  // namespace

const std::vector<Key>& data_keys() {
  static const std::vector<Key> keys = [] {
    const DataOptions usual;
    const KeyCondition glyphs{"source", {"glyphs"}};
    const KeyCondition files{"source", sources_but_glyphs()};
    const KeyCondition csv{"source", {"csv"}};
    const KeyCondition tables{"source", sources_that(is_table)};
    const char* train = "the first so many training samples; -1: all";
    const char* test = "and test samples; of csv and libsvm also so many of path, held out";
    return std::vector<Key>{
        {"source",
         usual.source,
         {.words = data_sources()},
         "the format; see thalweg list datasets"},
        {"path",
         std::string(),
         {},
         "a file (csv, libsvm, hdf5) or folder, from where thalweg runs"},
        {"train", std::int64_t{10000}, {.least = -1.0}, train, glyphs},
        {"train", std::int64_t{-1}, {.least = -1.0}, train, files},
        {"test", std::int64_t{2000}, {.least = -1.0}, test, glyphs},
        {"test", std::int64_t{-1}, {.least = -1.0}, test, files},
        {"image_size",
         usual.image_size,
         {.least = Glyphs::smallest_size, .most = Glyphs::largest_size},
         "height and width in pixels",
         glyphs},
        {"label_column", usual.label_column, {}, "its number, from the end below 0, or name", csv},
        {"separator", usual.separator, {.words = csv_separators()}, "between columns", csv},
        {"header", usual.header, {.words = csv_headers()}, "whether the first line is names", csv},
        {"test_path", std::string(), {}, "the file of test samples; \"\": path is split", tables},
        test_fraction_key(),
        {"layout",
         std::string("channels_first"),
         {.words = image_layouts()},
         "where images have their channels",
         KeyCondition{"source", sources_that(has_layout)}},
        {"split",
         usual.split,
         {.least = 0.0, .most = 3.0},
         "the hold-out pair",
         KeyCondition{"source", {"uci"}}},
        {"preprocess", usual.preprocess, {.words = preprocess_steps()}, "steps, in order"},
        {"zca_epsilon",
         usual.zca_epsilon,
         {.most = 1.0, .above = 0.0},
         "added to the covariance, in mean eigenvalues",
         KeyCondition{"preprocess", {"zca"}}},
        {"placement",
         std::string("node"),
         {.words = {"node", "sharded"}},
         "one copy a node, or rows spread over the ranks of a team"}};
  }();
  return keys;
}

DataOptions data_options(const Settings& data_table, std::uint64_t seed) {
  const Values values(data_table, read_keys());
  values.refuse_idle(data_table, data_keys());
  DataOptions options;
  options.seed = seed;
  options.source = values.string("source");
  options.train = sample_count(data_table, values, "train");
  options.test = sample_count(data_table, values, "test");
  take_path(data_table, values, options);
  options.image_size = values.integer("image_size");
  options.label_column = values.integer_or_string("label_column");
  options.separator = values.string("separator");
  options.header = values.string("header");
  if (is_table(options.source)) take_test(data_table, values, options);
  if (has_layout(options.source) && data_table.has("layout")) {
    options.layout = values.string("layout");
  }
  options.split = values.integer("split");
  options.preprocess = values.strings("preprocess");
  options.zca_epsilon = values.number("zca_epsilon");
  options.placement = values.string("placement") == "node" ? Placement::node : Placement::sharded;
  check_data_options(options);
  return options;
}

}  // namespace thalweg
