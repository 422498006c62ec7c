#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <variant>
#include <vector>

#include "settings/settings.hpp"

namespace thalweg {

/// A TOML value, copied out of the parser so that it outlives it.
struct SettingsValue {
  struct Other {
    std::string type;  ///< what TOML calls it, such as "date"
  };
  std::variant<std::int64_t, double, bool, std::string, std::vector<SettingsValue>, Other> value;
};

/// Where a key was written.
struct SettingsSource {
  std::string where;      ///< "FILE:LINE" or "--set ARGUMENT"
  std::int64_t line = 0;  ///< order of complaints; --set comes after the file
};

/// What a key holds.
struct Settings::Entry {
  std::variant<SettingsValue, std::shared_ptr<Node>, std::vector<std::shared_ptr<Node>>> content;
  SettingsSource source;
};

/// One table. A merged table (origins not empty) holds no entries of its own: it looks them up in
/// its origins, the last one first, so that usage and line numbers stay with the tables of the
/// file.
struct Settings::Node {
  std::string path;  ///< "run.0.optimizer"; empty for the root
  SettingsSource source;
  std::map<std::string, Entry> entries;
  std::map<std::string, std::shared_ptr<Node>> derived;  ///< absent and merged subtables asked for
  std::vector<std::shared_ptr<Node>> origins;
  std::set<std::string> asked;                  ///< every key anyone asked for
  std::map<std::string, std::string> resolved;  ///< key → TOML text of the value used
  /// Points of a [sweep]: overrides that stand in no table of the file.
  std::vector<std::shared_ptr<Node>> points;
  bool is_point = false;
  /// Defaults that differ between the points of a sweep: left out of the resolved text, so that
  /// they read back as what they were.
  std::set<std::string> varying;
};

struct Settings::State {
  /// What a study is to read, as the key that names it says.
  struct ExpectedPath {
    std::shared_ptr<Node> table;
    std::string key;
    std::string path;
    bool is_folder = false;
  };
  std::string file;
  std::shared_ptr<Node> root;
  std::vector<ExpectedPath> paths;
};

/// "integer 3", "string \"fast\"", … for messages.
std::string describe(const SettingsValue& value);
/// TOML text of values; floats in their shortest form that reads back to the same bits.
std::string toml_text(std::int64_t value);
std::string toml_text(double value);
std::string toml_text(bool value);
std::string toml_text(const std::string& value);
std::string toml_text(const std::variant<std::int64_t, std::string>& value);
std::string toml_text(const SettingsValue& value);
template <class T>
std::string toml_text(const std::vector<T>& values) {
  std::string text = "[";
  for (std::size_t i = 0; i < values.size(); ++i) {
    text += (i == 0 ? "" : ", ") + toml_text(values[i]);
  }
  return text + "]";
}
/// "a, b, c".
std::string joined(const std::vector<std::string>& words);
/// A key as TOML writes it: bare where it can be.
std::string toml_key(const std::string& key);

/// " (did you mean 'x'?)" for the nearest of `known` by edit distance, or nothing when none is
/// near.
std::string did_you_mean(const std::string& word, const std::vector<std::string>& known);

}  // namespace thalweg
