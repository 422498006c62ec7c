#include "runs/asked_probe.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <vector>

#include "base/error.hpp"
#include "settings/node.hpp"

namespace thalweg {

namespace {

/// The parts between commas that stand in neither quotes nor brackets.
std::vector<std::string> parts_of(const std::string& text) {
  std::vector<std::string> parts(1);
  int depth = 0;
  char quote = '\0';
  for (const char c : text) {
    if (quote == '\0' && depth == 0 && c == ',') {
      parts.emplace_back();
      continue;
    }
    parts.back() += c;
    if (quote != '\0') {
      if (c == quote) quote = '\0';
    } else if (c == '"' || c == '\'') {
      quote = c;
    } else if (c == '[') {
      ++depth;
    } else if (c == ']') {
      --depth;
    }
  }
  return parts;
}

/// A word such as `frozen` is a string; numbers, truth values, quoted strings and arrays are TOML.
bool is_bare_word(const std::string& value) {
  if (value == "true" || value == "false" || value == "inf" || value == "nan") return false;
  return std::isalpha(static_cast<unsigned char>(value.front())) != 0;
}

[[noreturn]] void refuse_probe(const std::string& text, const std::string& why) {
  throw ConfigurationError(fmt::format("--probe {}: {}", text, why));
}

}  // namespace

AskedProbe read_asked_probe(const std::string& text, DrawSeeds seeds) {
  const auto colon = text.find(':');
  const std::string type = text.substr(0, colon);
  if (type.empty() || text.find('\n') != std::string::npos) {
    refuse_probe(text, "expected TYPE or TYPE:key=value,key=value");
  }
  std::string table = fmt::format("type = {}", toml_text(type));
  if (colon != std::string::npos) {
    for (const auto& part : parts_of(text.substr(colon + 1))) {
      const auto equals = part.find('=');
      if (equals == 0 || equals == std::string::npos || equals + 1 == part.size()) {
        refuse_probe(text, fmt::format("found '{}', expected key=value", part));
      }
      const std::string key = part.substr(0, equals);
      const std::string value = part.substr(equals + 1);
      if (key == "type") refuse_probe(text, "the type stands before the colon");
      if (key.starts_with("every_")) {
        refuse_probe(text, fmt::format("{}: which points are measured is what --at says", key));
      }
      table += fmt::format(", {} = {}", key, is_bare_word(value) ? toml_text(value) : value);
    }
  }
  const auto settings = Settings::parse(fmt::format("probe = [{{{}}}]", table), "--probe " + text);
  const auto plans = read_probe_specs(settings, seeds);
  if (plans.size() != 1) refuse_probe(text, "expected one probe");
  AskedProbe spec;
  spec.plan = plans.front();
  settings.reject_unknown();
  spec.settings = settings.resolved();
  return spec;
}

}  // namespace thalweg
