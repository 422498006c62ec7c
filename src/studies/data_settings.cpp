#include "studies/data_settings.hpp"

#include <algorithm>
#include <filesystem>
#include <string>

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

}  // namespace

DataOptions data_options(const Settings& data_table, std::uint64_t seed) {
  DataOptions options;
  options.seed = seed;
  options.source = data_table.choice("source", data_sources(), options.source);
  const bool built_in = options.source == "glyphs";
  options.train = sample_count(data_table, "train", built_in ? 10000 : -1);
  options.test = sample_count(data_table, "test", built_in ? 2000 : -1);

  const std::string path = data_table.string("path", "");
  if (!path.empty()) options.path = std::filesystem::absolute(path).lexically_normal().string();
  if (!built_in && path.empty()) {
    data_table.fail("path", "source \"" + options.source + "\" needs the folder of its files");
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

  const auto& known = preprocess_steps();
  options.preprocess = data_table.strings("preprocess", {});
  for (const auto& step : options.preprocess) {
    if (std::find(known.begin(), known.end(), step) == known.end()) {
      data_table.fail("preprocess",
                      "\"" + step + "\" is not known; known are " + comma_separated(known));
    }
  }
  const std::string placement = data_table.choice("placement", {"node", "sharded"}, "node");
  options.placement = placement == "node" ? Placement::node : Placement::sharded;
  check_data_options(options);
  return options;
}

}  // namespace thalweg
