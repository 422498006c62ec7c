#include "settings/key.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <utility>

#include "base/error.hpp"

namespace thalweg {

namespace {

/// Throws ConfigurationError unless the number lies in the range.
void expect_in_range(const Settings& table, const Key& key, double value) {
  if (key.range.holds(value)) return;
  const std::string bounds = key.bounds();
  const std::string what = key.type() == "numbers"    ? "numbers"
                           : key.type() == "integers" ? "integers"
                           : key.type() == "integer"  ? "an integer"
                                                      : "a number";
  table.fail(key.name, fmt::format("found {}, expected {} {}", value, what,
                                   bounds.empty() ? "of finite size" : bounds));
}

struct ReadKey {
  const Settings& table;
  const Key& key;

  KeyValue operator()(bool usual) const { return table.boolean(key.name, usual); }
  KeyValue operator()(std::int64_t usual) const {
    const std::int64_t value = table.integer(key.name, usual);
    expect_in_range(table, key, static_cast<double>(value));
    return value;
  }
  KeyValue operator()(double usual) const {
    const double value = table.number(key.name, usual);
    expect_in_range(table, key, value);
    return value;
  }
  KeyValue operator()(const std::string& usual) const {
    return key.range.words.empty() ? table.string(key.name, usual)
                                   : table.choice(key.name, key.range.words, usual);
  }
  KeyValue operator()(const std::vector<double>& usual) const {
    const auto values = table.numbers(key.name, usual);
    for (const double value : values) expect_in_range(table, key, value);
    return values;
  }
  KeyValue operator()(const std::vector<std::int64_t>& usual) const {
    const auto values = table.integers(key.name, usual);
    for (const auto value : values) expect_in_range(table, key, static_cast<double>(value));
    return values;
  }
  KeyValue operator()(const std::vector<std::string>& usual) const {
    const auto values = table.strings(key.name, usual);
    const auto& known = key.range.words;
    for (const auto& value : values) {
      if (known.empty() || std::find(known.begin(), known.end(), value) != known.end()) continue;
      table.fail(key.name,
                 fmt::format("\"{}\" is not known; known are {}", value, fmt::join(known, ", ")));
    }
    return values;
  }
  KeyValue operator()(const std::variant<std::int64_t, std::string>& usual) const {
    return table.integer_or_string(key.name, usual);
  }
};

struct TypeName {
  std::string operator()(bool /*usual*/) const { return "boolean"; }
  std::string operator()(std::int64_t /*usual*/) const { return "integer"; }
  std::string operator()(double /*usual*/) const { return "number"; }
  std::string operator()(const std::string& /*usual*/) const { return "string"; }
  std::string operator()(const std::vector<double>& /*usual*/) const { return "numbers"; }
  std::string operator()(const std::vector<std::int64_t>& /*usual*/) const { return "integers"; }
  std::string operator()(const std::vector<std::string>& /*usual*/) const { return "strings"; }
  std::string operator()(const std::variant<std::int64_t, std::string>& /*usual*/) const {
    return "integer or string";
  }
};

struct Spelt {
  std::string operator()(bool usual) const { return usual ? "true" : "false"; }
  std::string operator()(std::int64_t usual) const { return fmt::format("{}", usual); }
  std::string operator()(double usual) const { return fmt::format("{}", usual); }
  std::string operator()(const std::string& usual) const { return fmt::format("\"{}\"", usual); }
  std::string operator()(const std::vector<double>& usual) const {
    return fmt::format("[{}]", fmt::join(usual, ", "));
  }
  std::string operator()(const std::vector<std::int64_t>& usual) const {
    return fmt::format("[{}]", fmt::join(usual, ", "));
  }
  std::string operator()(const std::vector<std::string>& usual) const {
    std::string text;
    for (const auto& word : usual) text += (text.empty() ? "\"" : ", \"") + word + "\"";
    return "[" + text + "]";
  }
  std::string operator()(const std::variant<std::int64_t, std::string>& usual) const {
    return std::visit(*this, usual);
  }
};

}  // namespace

bool KeyRange::holds(double value) const {
  return std::isfinite(value) && value >= least && value <= most && value > above && value < below;
}

std::string Key::type() const {
  return std::visit(TypeName{}, usual);
}

std::string Key::bounds() const {
  if (!range.words.empty()) return fmt::format("one of {}", fmt::join(range.words, ", "));
  if (std::isfinite(range.least) && std::isfinite(range.most)) {
    return fmt::format("from {} to {}", range.least, range.most);
  }
  std::vector<std::string> parts;
  if (std::isfinite(range.least)) parts.push_back(fmt::format("at least {}", range.least));
  if (std::isfinite(range.above)) parts.push_back(fmt::format("above {}", range.above));
  if (std::isfinite(range.most)) parts.push_back(fmt::format("at most {}", range.most));
  if (std::isfinite(range.below)) parts.push_back(fmt::format("below {}", range.below));
  return fmt::format("{}", fmt::join(parts, " and "));
}

std::string Key::default_text() const {
  return is_optional ? "none" : std::visit(Spelt{}, usual);
}

std::string Key::condition() const {
  if (!when) return {};
  if (when->words.empty()) return fmt::format("{} above 0", when->key);
  return fmt::format("{} = {}", when->key, fmt::join(when->words, " or "));
}

Values::Values(const Settings& table, const std::vector<Key>& keys) {
  for (const auto& key : keys) {
    if (holds(key.when)) {
      values_[key.name] = std::visit(ReadKey{table, key}, key.usual);
    } else {
      values_.emplace(key.name, key.usual);
    }
  }
}

Values::Values(const std::vector<Key>& keys) {
  for (const auto& key : keys) values_.emplace(key.name, key.usual);
}

bool Values::holds(const std::optional<KeyCondition>& condition) const {
  if (!condition) return true;
  const KeyValue& value = values_.at(condition->key);
  if (const auto* count = std::get_if<std::int64_t>(&value)) return *count > 0;
  const auto is_wanted = [&](const std::string& word) {
    const auto& words = condition->words;
    return std::find(words.begin(), words.end(), word) != words.end();
  };
  if (const auto* several = std::get_if<std::vector<std::string>>(&value)) {
    return std::any_of(several->begin(), several->end(), is_wanted);
  }
  return is_wanted(std::get<std::string>(value));
}

void Values::refuse_idle(const Settings& table, const std::vector<Key>& keys) const {
  std::map<std::string, std::string> idle;
  for (const auto& key : keys) {
    if (holds(key.when)) continue;
    idle.emplace(key.name, fmt::format("needs {}, but {} is {}", key.condition(), key.when->key,
                                       std::visit(Spelt{}, values_.at(key.when->key))));
  }
  for (const auto& key : keys) {
    if (holds(key.when)) idle.erase(key.name);
  }
  for (const auto& [name, message] : idle) {
    if (table.has(name)) table.fail(name, message);
  }
}

void Values::set(const std::string& key, KeyValue value) {
  const auto found = values_.find(key);
  if (found == values_.end() || found->second.index() != value.index()) {
    throw Error(fmt::format("there is no key {} of such a value", key));
  }
  found->second = std::move(value);
}

}  // namespace thalweg
