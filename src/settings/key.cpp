#include "settings/key.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <cmath>

namespace thalweg {

namespace {

/// Throws ConfigurationError unless the number lies in the range.
void expect_in_range(const Settings& table, const Key& key, double value) {
  if (std::isfinite(value) && value >= key.range.least && value <= key.range.most) return;
  const std::string bounds = key.bounds();
  const std::string what = key.type() == "numbers"   ? "numbers"
                           : key.type() == "integer" ? "an integer"
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
};

struct TypeName {
  std::string operator()(bool /*usual*/) const { return "boolean"; }
  std::string operator()(std::int64_t /*usual*/) const { return "integer"; }
  std::string operator()(double /*usual*/) const { return "number"; }
  std::string operator()(const std::string& /*usual*/) const { return "string"; }
  std::string operator()(const std::vector<double>& /*usual*/) const { return "numbers"; }
};

struct Spelt {
  std::string operator()(bool usual) const { return usual ? "true" : "false"; }
  std::string operator()(std::int64_t usual) const { return fmt::format("{}", usual); }
  std::string operator()(double usual) const { return fmt::format("{}", usual); }
  std::string operator()(const std::string& usual) const { return fmt::format("\"{}\"", usual); }
  std::string operator()(const std::vector<double>& usual) const {
    return fmt::format("[{}]", fmt::join(usual, ", "));
  }
};

}  // namespace

std::string Key::type() const {
  return std::visit(TypeName{}, usual);
}

std::string Key::bounds() const {
  if (!range.words.empty()) return fmt::format("one of {}", fmt::join(range.words, ", "));
  const bool below = std::isfinite(range.least);
  const bool above = std::isfinite(range.most);
  if (below && above) return fmt::format("from {} to {}", range.least, range.most);
  if (below) return fmt::format("at least {}", range.least);
  if (above) return fmt::format("at most {}", range.most);
  return {};
}

std::string Key::default_text() const {
  return std::visit(Spelt{}, usual);
}

Values::Values(const Settings& table, const std::vector<Key>& keys) {
  for (const auto& key : keys) values_[key.name] = std::visit(ReadKey{table, key}, key.usual);
}

}  // namespace thalweg
