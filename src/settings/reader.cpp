#include "settings/reader.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/error.hpp"

namespace thalweg {

struct Settings::Reader::Unknown {
  SettingsSource source;
  std::string message;
};

namespace {
std::string key_name(const std::string& table, const std::string& key) {
  return table.empty() ? key : fmt::format("[{}] {}", table, key);
}
}  // namespace

Settings::Reader::Found Settings::Reader::find(const std::shared_ptr<Node>& node,
                                               const std::string& key) {
  node->asked.insert(key);
  Found found;
  // Every origin is visited, so that a value hidden behind an override counts as asked for too.
  for (const auto& origin : node->origins) {
    const Found here = find(origin, key);
    if (here.entry != nullptr) found = here;
  }
  const auto own = node->entries.find(key);
  if (own != node->entries.end()) found = {node.get(), &own->second};
  return found;
}

std::shared_ptr<Settings::Node> Settings::Reader::child(const std::shared_ptr<Node>& node,
                                                        const std::string& key) {
  node->asked.insert(key);
  const auto own = node->entries.find(key);
  if (own != node->entries.end()) {
    const auto* table = std::get_if<std::shared_ptr<Node>>(&own->second.content);
    if (table == nullptr) wrong_type({node.get(), &own->second}, key, "a table");
    return *table;
  }
  auto& derived = node->derived[key];
  if (derived == nullptr) {
    derived = std::make_shared<Node>();
    derived->path = node->path.empty() ? key : node->path + "." + key;
    derived->source = node->source;
    derived->is_point = node->is_point;
    for (const auto& origin : node->origins) derived->origins.push_back(child(origin, key));
  }
  return derived;
}

bool Settings::Reader::convert(const SettingsValue& value, double& result) {
  if (const auto* whole = std::get_if<std::int64_t>(&value.value)) {
    result = static_cast<double>(*whole);
    return true;
  }
  const auto* number = std::get_if<double>(&value.value);
  if (number != nullptr) result = *number;
  return number != nullptr;
}

bool Settings::Reader::convert(const SettingsValue& value,
                               std::variant<std::int64_t, std::string>& result) {
  std::int64_t whole = 0;
  if (convert(value, whole)) {
    result = whole;
    return true;
  }
  std::string text;
  if (!convert(value, text)) return false;
  result = std::move(text);
  return true;
}

void Settings::Reader::wrong_type(const Found& found, const std::string& key,
                                  const std::string& expected) {
  std::string what = "a table";
  if (const auto* value = std::get_if<SettingsValue>(&found.entry->content)) {
    what = describe(*value);
  } else if (std::holds_alternative<std::vector<std::shared_ptr<Node>>>(found.entry->content)) {
    what = "an array of tables";
  }
  throw ConfigurationError(fmt::format("{}: {}: found {}, expected {}", found.entry->source.where,
                                       key_name(found.owner->path, key), what, expected));
}

void Settings::Reader::fail(const std::shared_ptr<Node>& node, const Found& found,
                            const std::string& key, const std::string& message,
                            const std::string& file) {
  if (found.entry != nullptr) {
    throw ConfigurationError(fmt::format("{}: {}: {}", found.entry->source.where,
                                         key_name(found.owner->path, key), message));
  }
  const std::string where = node->source.where.empty() ? file : node->source.where;
  throw ConfigurationError(fmt::format("{}: {}: {}", where, key_name(node->path, key), message));
}

Settings::Node& Settings::Reader::first_of(Node& node) {
  return node.origins.empty() ? node : first_of(*node.origins.front());
}
Settings::Node& Settings::Reader::last_of(Node& node) {
  return node.origins.empty() ? node : last_of(*node.origins.back());
}

const std::string* Settings::Reader::kept(const Node& node, const std::string& key) {
  const auto own = node.resolved.find(key);
  if (own != node.resolved.end()) return &own->second;
  for (auto origin = node.origins.rbegin(); origin != node.origins.rend(); ++origin) {
    if (const auto* text = kept(**origin, key)) return text;
  }
  return nullptr;
}

/// A default is written into the first table it applies to; where another run has another default,
/// into that run's own table, so that the resolved text reads back to the same values for every
/// run.
void Settings::Reader::keep_default(Node& node, const std::string& key, const std::string& text) {
  Node& first = first_of(node);
  const std::string* before = kept(node, key);
  if (before == nullptr) {
    if (!first.varying.contains(key)) first.resolved[key] = text;
  } else if (*before != text) {
    Node& last = last_of(node);
    if (!last.is_point) {
      last.resolved[key] = text;
    } else {
      first.resolved.erase(key);
      first.varying.insert(key);
    }
  }
}

void Settings::Reader::collect_unknown(const Node& node, std::vector<Unknown>& all) {
  for (const auto& point : node.points) collect_unknown(*point, all);
  const std::vector<std::string> known(node.asked.begin(), node.asked.end());
  for (const auto& [key, entry] : node.entries) {
    if (!node.asked.contains(key)) {
      const bool leaf = std::holds_alternative<SettingsValue>(entry.content);
      const std::string name = leaf                ? "key " + key_name(node.path, key)
                               : node.path.empty() ? fmt::format("table [{}]", key)
                                                   : fmt::format("table [{}.{}]", node.path, key);
      std::string message = fmt::format("unknown {}{}", name, did_you_mean(key, known));
      if (!known.empty()) message += fmt::format(" (known here: {})", joined(known));
      all.push_back({entry.source, message});
      continue;
    }
    if (const auto* table = std::get_if<std::shared_ptr<Node>>(&entry.content)) {
      collect_unknown(**table, all);
    } else if (const auto* tables =
                   std::get_if<std::vector<std::shared_ptr<Node>>>(&entry.content)) {
      for (const auto& element : *tables) collect_unknown(*element, all);
    }
  }
}

void Settings::Reader::reject_unknown(const Node& root) {
  std::vector<Unknown> all;
  collect_unknown(root, all);
  const auto first = std::min_element(all.begin(), all.end(), [](const auto& a, const auto& b) {
    return a.source.line < b.source.line;
  });
  if (first == all.end()) return;
  throw ConfigurationError(fmt::format("{}: {}", first->source.where, first->message));
}

bool Settings::Reader::writes_something(const Node& node) {
  if (!node.resolved.empty()) return true;
  for (const auto& [key, entry] : node.entries) {
    if (std::holds_alternative<std::vector<std::shared_ptr<Node>>>(entry.content)) return true;
    const auto* table = std::get_if<std::shared_ptr<Node>>(&entry.content);
    if (table != nullptr && writes_something(**table)) return true;
  }
  return std::any_of(node.derived.begin(), node.derived.end(),
                     [](const auto& child) { return writes_something(*child.second); });
}

void Settings::Reader::write(const Node& node, const std::string& path, std::string& text) {
  for (const auto& [key, value] : node.resolved) {
    text += fmt::format("{} = {}\n", toml_key(key), value);
  }
  // Subtables come after the keys, in the order of their names; absent ones whose defaults were
  // used too.
  std::map<std::string, const Node*> tables;
  for (const auto& [key, child] : node.derived) tables[key] = child.get();
  for (const auto& [key, entry] : node.entries) {
    if (const auto* table = std::get_if<std::shared_ptr<Node>>(&entry.content)) {
      tables[key] = table->get();
    }
  }
  for (const auto& [key, child] : tables) {
    if (!writes_something(*child)) continue;
    const std::string header = path.empty() ? toml_key(key) : path + "." + toml_key(key);
    if (!child->resolved.empty()) text += fmt::format("\n[{}]\n", header);
    write(*child, header, text);
  }
  for (const auto& [key, entry] : node.entries) {
    const auto* elements = std::get_if<std::vector<std::shared_ptr<Node>>>(&entry.content);
    if (elements == nullptr || !node.asked.contains(key)) continue;
    const std::string header = path.empty() ? toml_key(key) : path + "." + toml_key(key);
    for (const auto& element : *elements) {
      text += fmt::format("\n[[{}]]\n", header);
      write(*element, header, text);
    }
  }
}

}  // namespace thalweg
