#pragma once

#include <cstdint>
#include <limits>
#include <map>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "settings/settings.hpp"

namespace thalweg {

/// What a key of a study file can hold.
using KeyValue = std::variant<bool, std::int64_t, double, std::string, std::vector<double>,
                              std::vector<std::int64_t>, std::vector<std::string>,
                              std::variant<std::int64_t, std::string>>;

/// What it may hold: numbers, or each of several, from least to most, above and below others; or
/// one of these words.
struct KeyRange {
  double least = -std::numeric_limits<double>::infinity();
  double most = std::numeric_limits<double>::infinity();
  double above = -std::numeric_limits<double>::infinity();
  double below = std::numeric_limits<double>::infinity();
  std::vector<std::string> words = {};

  /// Local. Not what is not finite.
  [[nodiscard]] bool holds(double value) const;
};

/// That an earlier key of the table is above 0, or, with words, is or has one of them.
struct KeyCondition {
  std::string key;
  std::vector<std::string> words = {};
};

/// A key of a table: it is read, listed and explained from here alone. Its type is that of `usual`.
struct Key {
  std::string name;
  KeyValue usual;
  KeyRange range;
  std::string text;
  /// Without it the key has no meaning, is not read, and keeps its usual value. A key whose range
  /// or usual value depends on another is there several times, each with its condition.
  std::optional<KeyCondition> when = {};
  /// There is no usual value: `usual` gives the type alone, and the text says what its absence
  /// means. Whoever reads it asks first whether it is there.
  bool is_optional = false;

  /// "integer", "number", "boolean", "string", "numbers", "integers", "strings" or "integer or
  /// string". Local.
  [[nodiscard]] std::string type() const;
  /// "at least 0", "one of a, b", or empty where anything goes. Local.
  [[nodiscard]] std::string bounds() const;
  /// "draws above 0", "sam = sam or asam", or empty. Local.
  [[nodiscard]] std::string condition() const;
  /// The usual value as TOML has it, or "none". Local.
  [[nodiscard]] std::string default_text() const;
};

/// What a table says of its keys, defaults included.
class Values {
 public:
  /// Reads the keys of a table. Local. Throws ConfigurationError for a value of another type, out
  /// of its range, or not finite.
  Values(const Settings& table, const std::vector<Key>& keys);
  /// The usual ones. Local.
  explicit Values(const std::vector<Key>& keys);

  [[nodiscard]] bool has(const std::string& key) const { return values_.contains(key); }
  /// Throws ConfigurationError for a key that the table has in vain. Not for tables that runs
  /// share. Local.
  void refuse_idle(const Settings& table, const std::vector<Key>& keys) const;

  /// Another value of a key that is there, of its type. Local. Throws Error.
  void set(const std::string& key, KeyValue value);

  // By the name of a key of that type. Local.
  [[nodiscard]] bool boolean(const std::string& key) const { return get<bool>(key); }
  [[nodiscard]] std::int64_t integer(const std::string& key) const {
    return get<std::int64_t>(key);
  }
  [[nodiscard]] double number(const std::string& key) const { return get<double>(key); }
  [[nodiscard]] const std::string& string(const std::string& key) const {
    return get<std::string>(key);
  }
  [[nodiscard]] const std::vector<double>& numbers(const std::string& key) const {
    return get<std::vector<double>>(key);
  }
  [[nodiscard]] const std::vector<std::int64_t>& integers(const std::string& key) const {
    return get<std::vector<std::int64_t>>(key);
  }
  [[nodiscard]] const std::vector<std::string>& strings(const std::string& key) const {
    return get<std::vector<std::string>>(key);
  }
  [[nodiscard]] const std::variant<std::int64_t, std::string>& integer_or_string(
      const std::string& key) const {
    return get<std::variant<std::int64_t, std::string>>(key);
  }

 private:
  [[nodiscard]] bool holds(const std::optional<KeyCondition>& condition) const;
  template <class T>
  [[nodiscard]] const T& get(const std::string& key) const {
    return std::get<T>(values_.at(key));
  }
  std::map<std::string, KeyValue> values_;
};

}  // namespace thalweg
