#include "app/key_json.hpp"

#include <cmath>
#include <map>
#include <nlohmann/json.hpp>
#include <vector>

#include "studies/catalogue.hpp"
#include "studies/key_tables.hpp"

namespace thalweg {

using Json = nlohmann::ordered_json;

namespace {

struct AsJson {
  template <class T>
  Json operator()(const T& value) const {
    return value;
  }
  Json operator()(const std::variant<std::int64_t, std::string>& value) const {
    return std::visit(*this, value);
  }
};

Json default_json(const Key& key) {
  return std::visit(AsJson{}, key.usual);
}

void put_bounds(Json& json, const KeyRange& range) {
  if (std::isfinite(range.least)) json["minimum"] = range.least;
  if (std::isfinite(range.most)) json["maximum"] = range.most;
  if (std::isfinite(range.above)) json["exclusiveMinimum"] = range.above;
  if (std::isfinite(range.below)) json["exclusiveMaximum"] = range.below;
  if (!range.words.empty()) json["enum"] = range.words;
}

Json key_schema(const Key& key) {
  Json json{{"description", key.text}};
  const std::string type = key.type();
  if (type.ends_with('s')) {
    Json items{{"type", type.substr(0, type.size() - 1)}};
    put_bounds(items, key.range);
    json["type"] = "array";
    json["items"] = items;
  } else if (type == "integer or string") {
    json["type"] = {"integer", "string"};
  } else {
    json["type"] = type;
    put_bounds(json, key.range);
  }
  if (!key.is_optional) json["default"] = default_json(key);
  return json;
}

Json documented_json() {
  Json keys = Json::array();
  for (const auto& one : documented_keys()) {
    Json json{{"name", one.name}, {"type", one.key.type()}, {"text", one.key.text}};
    if (!one.key.is_optional) json["default"] = default_json(one.key);
    put_bounds(json, one.key.range);
    if (one.key.when) json["with"] = one.key.condition();
    if (!one.types.empty()) json["types"] = one.types;
    keys.push_back(json);
  }
  return keys;
}

/// Tables that other kinds of study give further keys.
bool is_shared(const std::string& table) {
  return table == "train" || table == "probe" || table == "model";
}

}  // namespace

std::string catalogue_json(const std::string& category) {
  Json json = Json::object();
  for (const auto& one : catalogue()) {
    if (!category.empty() && category != one.name) continue;
    Json entries = Json::array();
    for (const auto& entry : one.entries) {
      entries.push_back({{"name", entry.name}, {"text", entry.description}});
    }
    json[one.name] = entries;
  }
  if (category.empty() || category == "keys") json["keys"] = documented_json();
  return json.dump(2);
}

std::string study_schema() {
  Json tables = Json::object();
  std::map<std::string, bool> arrays;
  for (const auto& table : key_tables()) arrays[table.table] = table.is_array;
  for (const auto& one : documented_keys()) {
    const auto dot = one.name.find('.');
    const std::string table = one.name.substr(0, dot);
    const std::string key = one.name.substr(dot + 1);
    if (!tables.contains(table)) {
      tables[table] = {{"type", "object"}, {"properties", Json::object()}};
      if (!is_shared(table)) tables[table]["additionalProperties"] = false;
    }
    Json& known = tables[table]["properties"][key];
    if (known.is_null()) {
      known = {{"anyOf", Json::array()}};
    }
    known["anyOf"].push_back(key_schema(one.key));
  }
  for (auto& table : tables) {
    for (auto& property : table["properties"]) {
      if (property["anyOf"].size() == 1) property = Json(property["anyOf"].front());
    }
  }
  Json properties = Json::object();
  for (const auto& [table, is_array] : arrays) {
    const Json reference{{"$ref", "#/$defs/" + table}};
    properties[table] = is_array ? Json{{"type", "array"}, {"items", reference}} : reference;
  }
  Json in_run = properties;
  in_run.erase("probe");
  properties["run"] = {{"type", "array"}, {"items", {{"type", "object"}, {"properties", in_run}}}};
  return Json{{"$schema", "https://json-schema.org/draft/2020-12/schema"},
              {"title", "A study file of thalweg"},
              {"type", "object"},
              {"properties", properties},
              {"$defs", tables}}
      .dump(2);
}

}  // namespace thalweg
