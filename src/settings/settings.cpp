#include "settings/settings.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <utility>

#include "base/error.hpp"
#include "settings/node.hpp"
#include "settings/parser.hpp"
#include "settings/reader.hpp"

namespace thalweg {

Settings::Settings(std::shared_ptr<State> state, std::shared_ptr<Node> node)
    : state_(std::move(state)), node_(std::move(node)) {}

Settings Settings::parse(const std::string& text, const std::string& file,
                         const std::vector<std::string>& overrides) {
  Parser parser(file);
  auto root = parser.document(text);
  for (const auto& assignment : overrides) parser.apply(root, assignment);
  auto state = std::make_shared<State>(State{file, root, {}});
  return {state, root};
}

Settings Settings::table(const std::string& key) const {
  return {state_, Reader::child(node_, key)};
}

std::vector<Settings> Settings::tables(const std::string& key) const {
  std::vector<Settings> all;
  const auto found = Reader::find(node_, key);
  if (found.entry == nullptr) return all;
  if (const auto* nodes = std::get_if<std::vector<std::shared_ptr<Node>>>(&found.entry->content)) {
    for (const auto& node : *nodes) all.push_back(Settings(state_, node));
    return all;
  }
  if (const auto* value = std::get_if<SettingsValue>(&found.entry->content)) {
    const auto* array = std::get_if<std::vector<SettingsValue>>(&value->value);
    if (array != nullptr && array->empty()) return all;
  }
  Reader::wrong_type(found, key, fmt::format("tables written as [[{}]]", key));
}

bool Settings::has(const std::string& key) const {
  return Reader::find(node_, key).entry != nullptr;
}

bool Settings::is_list(const std::string& key) const {
  const auto found = Reader::find(node_, key);
  if (found.entry == nullptr) return false;
  const auto* value = std::get_if<SettingsValue>(&found.entry->content);
  return value != nullptr && std::holds_alternative<std::vector<SettingsValue>>(value->value);
}

std::int64_t Settings::integer(const std::string& key, std::int64_t fallback) const {
  return Reader::read<std::int64_t>(node_, key, fallback, "an integer");
}
double Settings::number(const std::string& key, double fallback) const {
  return Reader::read<double>(node_, key, fallback, "a number");
}
bool Settings::boolean(const std::string& key, bool fallback) const {
  return Reader::read<bool>(node_, key, fallback, "true or false");
}
std::string Settings::string(const std::string& key, const std::string& fallback) const {
  return Reader::read<std::string>(node_, key, fallback, "a string");
}
std::variant<std::int64_t, std::string> Settings::integer_or_string(
    const std::string& key, const std::variant<std::int64_t, std::string>& fallback) const {
  return Reader::read(node_, key, fallback, "an integer or a string");
}
std::vector<std::string> Settings::strings(const std::string& key,
                                           const std::vector<std::string>& fallback) const {
  return Reader::read<std::vector<std::string>>(node_, key, fallback, "an array of strings");
}
std::vector<std::int64_t> Settings::integers(const std::string& key,
                                             const std::vector<std::int64_t>& fallback) const {
  return Reader::read<std::vector<std::int64_t>>(node_, key, fallback, "an array of integers");
}
std::vector<double> Settings::numbers(const std::string& key,
                                      const std::vector<double>& fallback) const {
  return Reader::read<std::vector<double>>(node_, key, fallback, "an array of numbers");
}

std::string Settings::choice(const std::string& key, const std::vector<std::string>& choices,
                             const std::string& fallback) const {
  std::string value = string(key, fallback);
  if (std::find(choices.begin(), choices.end(), value) == choices.end()) {
    fail(key, fmt::format("found \"{}\", expected one of {}{}", value, joined(choices),
                          did_you_mean(value, choices)));
  }
  return value;
}

std::int64_t Settings::integer_at_least(const std::string& key, std::int64_t least,
                                        std::int64_t fallback) const {
  const std::int64_t value = integer(key, fallback);
  if (value < least) {
    fail(key, fmt::format("found {}, expected an integer of at least {}", value, least));
  }
  return value;
}

double Settings::positive(const std::string& key, double fallback) const {
  const double value = number(key, fallback);
  if (!std::isfinite(value) || value <= 0.0) {
    fail(key, fmt::format("found {}, expected a finite number greater than 0", toml_text(value)));
  }
  return value;
}

double Settings::number_at_least(const std::string& key, double least, double fallback) const {
  const double value = number(key, fallback);
  if (!std::isfinite(value) || value < least) {
    fail(key, fmt::format("found {}, expected a finite number of at least {}", toml_text(value),
                          toml_text(least)));
  }
  return value;
}

Settings Settings::with(const Settings& overrides) const {
  auto merged = std::make_shared<Node>();
  merged->path = node_->path;
  merged->source = node_->source;
  merged->origins = {node_, overrides.node_};
  return {state_, merged};
}

void Settings::fail(const std::string& key, const std::string& message) const {
  Reader::fail(node_, Reader::find(node_, key), key, message, state_->file);
}

void Settings::reject_unknown() const {
  Reader::reject_unknown(*state_->root);
}

void Settings::expect_file(const std::string& key, const std::string& path) const {
  state_->paths.push_back({node_, key, path, false});
}

void Settings::expect_folder(const std::string& key, const std::string& path) const {
  state_->paths.push_back({node_, key, path, true});
}

void Settings::reject_missing_paths() const {
  for (const auto& [table, key, path, is_folder] : state_->paths) {
    std::error_code error;
    const auto status = std::filesystem::status(path, error);
    const char* wanted = is_folder ? "a folder" : "a file";
    if (!std::filesystem::exists(status)) {
      Settings(state_, table)
          .fail(key, fmt::format("{}: {}, expected {}", path,
                                 error ? error.message() : "No such file or directory", wanted));
    }
    if (std::filesystem::is_directory(status) != is_folder) {
      Settings(state_, table)
          .fail(key, fmt::format("{} is {}, expected {}", path, is_folder ? "a file" : "a folder",
                                 wanted));
    }
  }
}

std::string Settings::resolved() const {
  std::string text;
  Reader::write(*state_->root, "", text);
  return text;
}

}  // namespace thalweg
