#include <fmt/format.h>

#include <limits>
#include <sstream>

#include "base/error.hpp"
#include "settings/node.hpp"
#include "settings/parser.hpp"
#include "settings/toml.hpp"

namespace thalweg {

namespace {

std::string type_name(const toml::node& node) {
  std::ostringstream text;
  text << node.type();
  return text.str();
}

SettingsValue value_of(const toml::node& node) {
  if (const auto* v = node.as_integer()) return {v->get()};
  if (const auto* v = node.as_floating_point()) return {v->get()};
  if (const auto* v = node.as_boolean()) return {v->get()};
  if (const auto* v = node.as_string()) return {v->get()};
  if (const auto* array = node.as_array()) {
    std::vector<SettingsValue> values;
    for (const auto& element : *array) values.push_back(value_of(element));
    return {std::move(values)};
  }
  return {SettingsValue::Other{type_name(node)}};
}

bool holds_tables(const toml::node& node) {
  const auto* array = node.as_array();
  return array != nullptr && !array->empty() && array->is_homogeneous(toml::node_type::table);
}

std::string join(const std::string& path, const std::string& key) {
  return path.empty() ? key : path + "." + key;
}

bool is_index(const std::string& text) {
  return !text.empty() && text.size() < 10 &&
         text.find_first_not_of("0123456789") == std::string::npos;
}

}  // namespace

SettingsSource Settings::Parser::source_of(const toml::source_region& region) const {
  if (!argument.empty()) {
    return {"--set " + argument, std::numeric_limits<std::int64_t>::max()};
  }
  return {fmt::format("{}:{}", file, region.begin.line), std::int64_t{region.begin.line}};
}

Settings::Entry Settings::Parser::entry(const std::string& path, const toml::node& node,
                                        const SettingsSource& source) const {
  if (const auto* table = node.as_table()) return {this->table(path, *table, source), source};
  if (holds_tables(node)) {
    std::vector<std::shared_ptr<Node>> nodes;
    for (const auto& element : *node.as_array()) {
      nodes.push_back(this->table(fmt::format("{}.{}", path, nodes.size()), *element.as_table(),
                                  source_of(element.source())));
    }
    return {std::move(nodes), source};
  }
  return {value_of(node), source};
}

std::shared_ptr<Settings::Node> Settings::Parser::table(const std::string& path,
                                                        const toml::table& table,
                                                        const SettingsSource& source) const {
  auto node = std::make_shared<Node>();
  node->path = path;
  node->source = source;
  for (const auto& [key, value] : table) {
    const std::string name(key.str());
    node->entries[name] = entry(join(path, name), value, source_of(key.source()));
  }
  return node;
}

std::shared_ptr<Settings::Node> Settings::Parser::document(const std::string& text) const {
  try {
    return table("", toml::parse(text, file), {file, 0});
  } catch (const toml::parse_error& error) {
    const auto line = error.source().begin.line;
    throw ConfigurationError(fmt::format("{}: not valid TOML: {}",
                                         line == 0 ? file : fmt::format("{}:{}", file, line),
                                         error.description()));
  }
}

void Settings::Parser::apply(const std::shared_ptr<Node>& root, const std::string& assignment) {
  Parser parser{file, assignment};
  const auto refuse = [&](const std::string& message) -> void {
    throw ConfigurationError(fmt::format("--set {}: {}", assignment, message));
  };
  const auto equals = assignment.find('=');
  if (equals == std::string::npos)
    refuse("expected KEY=VALUE, such as optimizer.learning_rate=0.1");
  std::vector<std::string> keys{""};
  for (const char c : assignment.substr(0, equals)) {
    if (c == '.') {
      keys.emplace_back();
    } else if (c != ' ') {
      keys.back() += c;
    }
  }
  for (const auto& key : keys) {
    if (key.empty()) refuse("a part of the key is empty");
  }
  const SettingsSource source = parser.source_of({});
  std::shared_ptr<Node> node = root;
  for (std::size_t i = 0; i + 1 < keys.size(); ++i) {
    auto found = node->entries.find(keys[i]);
    if (found == node->entries.end()) {
      auto made = std::make_shared<Node>();
      made->path = join(node->path, keys[i]);
      made->source = source;
      node->entries[keys[i]] = Entry{made, source};
      node = made;
      continue;
    }
    Entry& entry = found->second;
    if (auto* child = std::get_if<std::shared_ptr<Node>>(&entry.content)) {
      node = *child;
    } else if (auto* children = std::get_if<std::vector<std::shared_ptr<Node>>>(&entry.content)) {
      const std::string path = join(node->path, keys[i]);
      if (i + 2 >= keys.size() || !is_index(keys[i + 1])) {
        refuse(fmt::format("[[{}]] is an array of tables: name one by its number, {}.0.KEY=VALUE",
                           path, path));
      }
      const auto index = static_cast<std::size_t>(std::stoul(keys[i + 1]));
      if (index >= children->size()) {
        refuse(fmt::format("[[{}]] has {} tables, numbered from 0", path, children->size()));
      }
      node = (*children)[index];
      ++i;
    } else {
      refuse(fmt::format("{} is not a table but {}", join(node->path, keys[i]),
                         describe(std::get<SettingsValue>(entry.content))));
    }
  }
  node->entries[keys.back()] =
      parser.assigned(join(node->path, keys.back()), assignment.substr(equals + 1), source);
}

Settings::Entry Settings::Parser::assigned(const std::string& path, const std::string& text,
                                           const SettingsSource& source) const {
  const auto first = text.find_first_not_of(' ');
  if (first == std::string::npos || text.find('\n') != std::string::npos) {
    throw ConfigurationError(
        fmt::format("--set {}: the value is empty or has several lines", argument));
  }
  try {
    const toml::table parsed = toml::parse("x = " + text, file);
    return entry(path, *parsed.get("x"), source);
  } catch (const toml::parse_error& error) {
    // A bare word is a string; what starts like a quoted string, an array or a table must be one.
    if (std::string("\"'[{").find(text[first]) != std::string::npos) {
      throw ConfigurationError(
          fmt::format("--set {}: not a TOML value: {}", argument, error.description()));
    }
    return {SettingsValue{text.substr(first)}, source};
  }
}

}  // namespace thalweg
