#pragma once

#include <cstdint>
#include <limits>
#include <map>
#include <string>
#include <variant>
#include <vector>

#include "settings/settings.hpp"

namespace thalweg {

/// What a key of a study file can hold.
using KeyValue = std::variant<bool, std::int64_t, double, std::string, std::vector<double>>;

/// What it may hold: numbers, or each of several, from least to most; or one of these words.
struct KeyRange {
  double least = -std::numeric_limits<double>::infinity();
  double most = std::numeric_limits<double>::infinity();
  std::vector<std::string> words = {};
};

/// A key of a table: it is read, listed and explained from here alone. Its type is that of `usual`.
struct Key {
  std::string name;
  KeyValue usual;
  KeyRange range;
  std::string text;

  /// "integer", "number", "boolean", "string" or "numbers". Local.
  [[nodiscard]] std::string type() const;
  /// "at least 0", "one of a, b", or empty where anything goes. Local.
  [[nodiscard]] std::string bounds() const;
  /// The usual value as TOML has it. Local.
  [[nodiscard]] std::string default_text() const;
};

/// What a table says of its keys, defaults included.
class Values {
 public:
  /// Reads the keys of a table. Local. Throws ConfigurationError for a value of another type, out
  /// of its range, or not finite.
  Values(const Settings& table, const std::vector<Key>& keys);

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

 private:
  template <class T>
  [[nodiscard]] const T& get(const std::string& key) const {
    return std::get<T>(values_.at(key));
  }
  std::map<std::string, KeyValue> values_;
};

}  // namespace thalweg
