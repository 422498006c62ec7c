#pragma once

#include <memory>
#include <string>
#include <vector>

#include "settings/node.hpp"

namespace thalweg {

/// Looks keys up through merged tables and keeps account of what was asked for and used. Local.
struct Settings::Reader {
  /// A key's value and the table of the file that holds it; entry is null where the key is absent.
  struct Found {
    Node* owner = nullptr;
    Entry* entry = nullptr;
  };

  static Found find(const std::shared_ptr<Node>& node, const std::string& key);
  static std::shared_ptr<Node> child(const std::shared_ptr<Node>& node, const std::string& key);

  [[noreturn]] static void wrong_type(const Found& found, const std::string& key,
                                      const std::string& expected);
  [[noreturn]] static void fail(const std::shared_ptr<Node>& node, const Found& found,
                                const std::string& key, const std::string& message,
                                const std::string& file);

  template <class T>
  static T read(const std::shared_ptr<Node>& node, const std::string& key, const T& fallback,
                const char* expected) {
    const Found found = find(node, key);
    if (found.entry == nullptr) {
      keep_default(*node, key, toml_text(fallback));
      return fallback;
    }
    T result{};
    const auto* value = std::get_if<SettingsValue>(&found.entry->content);
    if (value == nullptr || !convert(*value, result)) wrong_type(found, key, expected);
    found.owner->resolved[key] = toml_text(result);
    return result;
  }

  static void reject_unknown(const Node& root);
  /// Appends the TOML text of a table whose header is `path`.
  static void write(const Node& node, const std::string& path, std::string& text);

 private:
  template <class T>
  static bool convert(const SettingsValue& value, T& result) {
    const auto* same = std::get_if<T>(&value.value);
    if (same != nullptr) result = *same;
    return same != nullptr;
  }
  static bool convert(const SettingsValue& value, double& result);
  static bool convert(const SettingsValue& value, std::variant<std::int64_t, std::string>& result);
  template <class T>
  static bool convert(const SettingsValue& value, std::vector<T>& result) {
    const auto* array = std::get_if<std::vector<SettingsValue>>(&value.value);
    if (array == nullptr) return false;
    for (const auto& element : *array) {
      if (!convert(element, result.emplace_back())) return false;
    }
    return true;
  }

  static const std::string* kept(const Node& node, const std::string& key);
  static void keep_default(Node& node, const std::string& key, const std::string& text);
  static Node& first_of(Node& node);
  static Node& last_of(Node& node);
  struct Unknown;
  static void collect_unknown(const Node& node, std::vector<Unknown>& all);
  static bool writes_something(const Node& node);
};

}  // namespace thalweg
