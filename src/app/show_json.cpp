#include <filesystem>
#include <nlohmann/json.hpp>

#include "app/show.hpp"
#include "records/diff.hpp"
#include "records/record_file.hpp"

namespace thalweg {

namespace fs = std::filesystem;
using Json = nlohmann::ordered_json;

namespace {

constexpr std::int64_t kMostValues = 10000;

Json attributes_json(const Attributes& attributes) {
  Json json = Json::object();
  for (const auto& [name, value] : attributes) {
    std::visit([&, key = name](const auto& v) { json[key] = v; }, value);
  }
  return json;
}

Json file_json(const std::string& path) {
  static const char* const types[] = {"float64", "float32", "int64", "uint8", "string"};
  const RecordFile file(path);
  Json json;
  json["path"] = path;
  json["attributes"] = attributes_json(file.attributes());
  json["groups"] = Json::object();
  for (const auto& [name, attributes] : file.groups())
    json["groups"][name] = attributes_json(attributes);
  json["arrays"] = Json::object();
  for (const auto& [name, outline] : file.arrays()) {
    Json array = attributes_json(outline.attributes);
    array["type"] = types[outline.what.empty.index()];
    array["shape"] = outline.what.shape;
    array["dimensions"] = outline.dimensions;
    if (hdf5::elements_of(outline.what.shape) <= kMostValues) {
      const ArrayValues values = file.read(name).values;
      std::visit(
          [&array, scalar = outline.what.shape.empty()](const auto& v) {
            if (scalar) {
              array["values"] = v.front();
            } else {
              array["values"] = v;
            }
          },
          values);
    } else {
      array["values"] = nullptr;
    }
    json["arrays"][name] = std::move(array);
  }
  json["links"] = file.external_links();
  return json;
}

}  // namespace

std::string show_json(const std::string& path) {
  Json json;
  if (fs::is_directory(path)) {
    json["folder"] = path;
    json["complete"] = fs::exists(fs::path(path) / "study.h5");
    json["files"] = Json::object();
    for (const auto& name : record_files(path)) {
      json["files"][name] = file_json((fs::path(path) / name).string());
    }
  } else {
    json = file_json(path);
  }
  return json.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

}  // namespace thalweg
