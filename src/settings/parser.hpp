#pragma once

#include <memory>
#include <string>

#include "settings/node.hpp"
#include "settings/toml.hpp"

namespace thalweg {

/// Turns TOML into tables that remember their lines, and lays --set arguments over them. Local.
struct Settings::Parser {
  std::string file;
  std::string argument;  ///< the --set argument being applied; empty for the file itself

  [[nodiscard]] std::shared_ptr<Node> document(const std::string& text) const;
  /// Applies "a.b=value"; throws ConfigurationError naming the argument.
  void apply(const std::shared_ptr<Node>& root, const std::string& assignment);

 private:
  [[nodiscard]] SettingsSource source_of(const toml::source_region& region) const;
  [[nodiscard]] Entry entry(const std::string& path, const toml::node& node,
                            const SettingsSource& source) const;
  [[nodiscard]] std::shared_ptr<Node> table(const std::string& path, const toml::table& table,
                                            const SettingsSource& source) const;
  [[nodiscard]] Entry assigned(const std::string& path, const std::string& text,
                               const SettingsSource& source) const;

 public:
  Parser(std::string file_name, std::string set_argument = {})
      : file(std::move(file_name)), argument(std::move(set_argument)) {}
};

}  // namespace thalweg
