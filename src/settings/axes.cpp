#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <utility>

#include "base/error.hpp"
#include "settings/node.hpp"

namespace thalweg {

namespace {

/// A value in a run's name: 16, 0.1, adam, 64x32.
std::string name_text(const SettingsValue& value) {
  if (const auto* text = std::get_if<std::string>(&value.value)) return *text;
  if (const auto* array = std::get_if<std::vector<SettingsValue>>(&value.value)) {
    std::string text;
    for (const auto& element : *array) {
      if (!text.empty()) text += 'x';
      text += name_text(element);
    }
    return text;
  }
  std::string text;
  if (const auto* number = std::get_if<double>(&value.value)) {
    text = fmt::format("{}", *number);
    text.erase(std::remove(text.begin(), text.end(), '+'), text.end());
    return text;
  }
  return toml_text(value);
}

std::vector<std::string> dotted_parts_of(const std::string& key) {
  std::vector<std::string> parts{""};
  for (const char c : key) {
    if (c == '.') {
      parts.emplace_back();
    } else {
      parts.back() += c;
    }
  }
  return parts;
}

struct FoundList {
  std::string key;
  const std::vector<SettingsValue>* values;
  SettingsSource source;
};

}  // namespace

bool Settings::was_asked(const std::string& key) const {
  const auto parts = dotted_parts_of(key);
  const Node* at = node_.get();
  for (std::size_t i = 0; i + 1 < parts.size(); ++i) {
    const auto merged = at->derived.find(parts[i]);
    if (merged == at->derived.end()) return false;
    at = merged->second.get();
  }
  return at->asked.contains(parts.back());
}

std::vector<Settings::Axis> Settings::axes(const std::vector<std::string>& others) const {
  std::vector<FoundList> lists;
  const std::function<void(Node&, const std::string&)> collect = [&](Node& node,
                                                                     const std::string& path) {
    for (const auto& [name, entry] : node.entries) {
      const std::string key = path.empty() ? name : fmt::format("{}.{}", path, name);
      if (path.empty() && std::find(others.begin(), others.end(), name) != others.end()) continue;
      const auto refuse = [&, &entry = entry](const std::string& message) {
        throw ConfigurationError(
            fmt::format("{}: [{}] {}: {}", entry.source.where, node_->path, key, message));
      };
      node.asked.insert(name);
      if (const auto* table = std::get_if<std::shared_ptr<Node>>(&entry.content)) {
        collect(**table, key);
        continue;
      }
      const auto parts = dotted_parts_of(key);
      if (parts.size() < 2 || std::find(parts.begin(), parts.end(), "") != parts.end()) {
        refuse(fmt::format("expected {} or a dotted key such as \"train.batch\"", joined(others)));
      }
      const auto* value = std::get_if<SettingsValue>(&entry.content);
      const auto* values =
          value == nullptr ? nullptr : std::get_if<std::vector<SettingsValue>>(&value->value);
      if (values == nullptr || values->empty()) refuse("expected a list of values");
      const auto same = std::find_if(lists.begin(), lists.end(),
                                     [&](const FoundList& list) { return list.key == key; });
      if (same == lists.end()) {
        lists.push_back({key, values, entry.source});
        continue;
      }
      // "train.batch" and [sweep.train] batch are one key, and --set knows the second alone.
      const bool is_set = entry.source.where.starts_with("--set");
      if (is_set == same->source.where.starts_with("--set")) refuse("is swept over twice");
      if (is_set) *same = {key, values, entry.source};
    }
  };
  collect(*node_, "");
  // Not by line: the resolved text, which has an order of its own, must give the same names.
  std::sort(lists.begin(), lists.end(), [](const FoundList& a, const FoundList& b) {
    return std::pair(dotted_parts_of(a.key).back(), a.key) <
           std::pair(dotted_parts_of(b.key).back(), b.key);
  });

  std::vector<Axis> axes;
  for (const auto& list : lists) {
    Axis axis;
    axis.key = list.key;
    node_->resolved[list.key] = toml_text(*list.values);
    const auto parts = dotted_parts_of(list.key);
    for (const auto& value : *list.values) {
      auto point = std::make_shared<Node>();
      Node* at = point.get();
      at->is_point = true;
      at->source = list.source;
      for (std::size_t i = 0; i + 1 < parts.size(); ++i) {
        auto child = std::make_shared<Node>();
        child->path = at->path.empty() ? parts[i] : at->path + "." + parts[i];
        child->source = list.source;
        child->is_point = true;
        Node* next = child.get();
        at->entries[parts[i]] = Entry{std::move(child), list.source};
        at = next;
      }
      at->entries[parts.back()] = Entry{value, list.source};
      node_->points.push_back(point);
      axis.texts.push_back(name_text(value));
      if (std::count(axis.texts.begin(), axis.texts.end(), axis.texts.back()) > 1) {
        throw ConfigurationError(fmt::format("{}: [{}] {}: {} stands there twice",
                                             list.source.where, node_->path, list.key,
                                             axis.texts.back()));
      }
      axis.points.push_back(Settings(state_, point));
    }
    axes.push_back(std::move(axis));
  }
  return axes;
}

}  // namespace thalweg
