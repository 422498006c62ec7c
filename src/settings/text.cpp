#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "settings/node.hpp"

namespace thalweg {

namespace {

/// Insertions, deletions, substitutions and swaps of neighbours (optimal string alignment).
std::size_t edit_distance(const std::string& a, const std::string& b) {
  std::vector<std::vector<std::size_t>> d(a.size() + 1, std::vector<std::size_t>(b.size() + 1));
  for (std::size_t i = 0; i <= a.size(); ++i) {
    for (std::size_t j = 0; j <= b.size(); ++j) {
      if (i == 0 || j == 0) {
        d[i][j] = i + j;
        continue;
      }
      d[i][j] = std::min({d[i - 1][j] + 1, d[i][j - 1] + 1,
                          d[i - 1][j - 1] + static_cast<std::size_t>(a[i - 1] != b[j - 1])});
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1]) {
        d[i][j] = std::min(d[i][j], d[i - 2][j - 2] + 1);
      }
    }
  }
  return d[a.size()][b.size()];
}

}  // namespace

std::string did_you_mean(const std::string& word, const std::vector<std::string>& known) {
  std::size_t least = std::max<std::size_t>(2, word.size() / 2) + 1;
  std::string nearest;
  for (const auto& candidate : known) {
    const std::size_t distance = edit_distance(word, candidate);
    if (distance < least && distance < std::max(word.size(), candidate.size())) {
      least = distance;
      nearest = candidate;
    }
  }
  return nearest.empty() ? std::string() : fmt::format("; did you mean '{}'?", nearest);
}

std::string joined(const std::vector<std::string>& words) {
  std::string text;
  for (const auto& word : words) text += (text.empty() ? "" : ", ") + word;
  return text;
}

std::string describe(const SettingsValue& value) {
  struct Visitor {
    std::string operator()(std::int64_t v) const { return fmt::format("the integer {}", v); }
    std::string operator()(double v) const { return "the float " + toml_text(v); }
    std::string operator()(bool v) const { return v ? "the boolean true" : "the boolean false"; }
    std::string operator()(const std::string& v) const { return "the string " + toml_text(v); }
    std::string operator()(const std::vector<SettingsValue>& v) const {
      return v.empty() ? std::string("an empty array")
                       : fmt::format("an array that holds {}", describe(v.front()));
    }
    std::string operator()(const SettingsValue::Other& v) const { return "a " + v.type; }
  };
  return std::visit(Visitor{}, value.value);
}

std::string toml_text(std::int64_t value) {
  return fmt::format("{}", value);
}

std::string toml_text(double value) {
  if (std::isnan(value)) return "nan";
  std::string text = fmt::format("{}", value);
  if (text.find_first_not_of("-0123456789") == std::string::npos) text += ".0";
  return text;
}

std::string toml_text(bool value) {
  return value ? "true" : "false";
}

std::string toml_text(const std::string& value) {
  std::string text = "\"";
  for (const char c : value) {
    switch (c) {
      case '"':
        text += "\\\"";
        break;
      case '\\':
        text += "\\\\";
        break;
      case '\n':
        text += "\\n";
        break;
      case '\t':
        text += "\\t";
        break;
      case '\r':
        text += "\\r";
        break;
      default: {
        const auto code = static_cast<unsigned char>(c);
        if (code < 0x20 || code == 0x7f) {
          text += fmt::format("\\u{:04X}", static_cast<unsigned>(code));
        } else {
          text += c;
        }
      }
    }
  }
  return text + "\"";
}

std::string toml_text(const std::variant<std::int64_t, std::string>& value) {
  return std::visit([](const auto& v) { return toml_text(v); }, value);
}

std::string toml_text(const SettingsValue& value) {
  struct Visitor {
    std::string operator()(std::int64_t v) const { return toml_text(v); }
    std::string operator()(double v) const { return toml_text(v); }
    std::string operator()(bool v) const { return toml_text(v); }
    std::string operator()(const std::string& v) const { return toml_text(v); }
    std::string operator()(const std::vector<SettingsValue>& v) const { return toml_text(v); }
    std::string operator()(const SettingsValue::Other& v) const { return toml_text(v.type); }
  };
  return std::visit(Visitor{}, value.value);
}

std::string toml_key(const std::string& key) {
  const bool bare =
      !key.empty() &&
      key.find_first_not_of("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-") ==
          std::string::npos;
  return bare ? key : toml_text(key);
}

}  // namespace thalweg
