#include "planning/site.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <map>
#include <set>
#include <sstream>
#include <utility>

#include "base/duration.hpp"
#include "base/error.hpp"

namespace thalweg {

namespace {

struct SiteValue {
  bool is_text = false;
  std::string text;
};

/// "FILE:LINE: why".
[[noreturn]] void fail(const std::string& place, const std::string& why) {
  throw ConfigurationError(place + ": " + why);
}

std::string without_comment(const std::string& line) {
  bool quoted = false;
  for (std::size_t i = 0; i < line.size(); ++i) {
    if (line[i] == '"') quoted = !quoted;
    if (line[i] == '#' && !quoted) return line.substr(0, i);
  }
  return line;
}

std::string trimmed(const std::string& text) {
  const auto first = text.find_first_not_of(" \t\r");
  if (first == std::string::npos) return {};
  return text.substr(first, text.find_last_not_of(" \t\r") - first + 1);
}

SiteValue value_of(const std::string& written, const std::string& place) {
  if (written.empty() || written.front() != '"') return {false, written};
  // What a shell and TOML would read differently.
  const auto end = written.find('"', 1);
  if (end != written.size() - 1 || written.find_first_of("$`\\") != std::string::npos) {
    fail(place,
         fmt::format("found {}, expected one text in double quotes, without $, ` and \\", written));
  }
  return {true, written.substr(1, end - 1)};
}

class Assignment {
 public:
  Assignment(std::string key, std::string place, SiteValue value)
      : key_(std::move(key)), place_(std::move(place)), value_(std::move(value)) {}

  [[nodiscard]] std::string text() const {
    if (!value_.is_text) refuse("a text in double quotes");
    return value_.text;
  }
  [[nodiscard]] double number_at_least(double least) const {
    std::istringstream stream(value_.text);
    double number = 0.0;
    const bool whole =
        (stream >> number) && stream.peek() == std::istringstream::traits_type::eof();
    if (value_.is_text || !whole || !std::isfinite(number) || number < least) {
      refuse(fmt::format("a number of at least {}", least));
    }
    return number;
  }
  [[nodiscard]] double positive() const {
    const double number = number_at_least(0.0);
    if (number == 0.0) refuse("a number above 0");
    return number;
  }
  [[nodiscard]] std::int64_t integer_at_least(std::int64_t least) const {
    constexpr double largest = 1e9;
    const double number = number_at_least(static_cast<double>(least));
    if (number != std::floor(number) || number > largest) {
      refuse(fmt::format("a whole number of at most {:.0f}", largest));
    }
    return static_cast<std::int64_t>(number);
  }
  [[nodiscard]] std::string launcher() const {
    std::string name = text();
    if (name != "auto" && name != "srun" && name != "mpirun") refuse("auto, srun or mpirun");
    return name;
  }
  [[nodiscard]] double duration_s() const {
    // The forms that SLURM reads as we do: "90" are minutes to it, "1-12" a day and twelve hours.
    const std::string written = text();
    if (std::count(written.begin(), written.end(), ':') != 2) refuse("HH:MM:SS or D-HH:MM:SS");
    return parse_duration(written, fmt::format("{}: {}", place_, key_));
  }

 private:
  [[noreturn]] void refuse(const std::string& expected) const {
    fail(place_, fmt::format("{}: found {}{}{}, expected {}", key_, value_.is_text ? "\"" : "",
                             value_.text, value_.is_text ? "\"" : "", expected));
  }

  std::string key_;
  std::string place_;
  SiteValue value_;
};

using Setter = std::function<void(Site&, const Assignment&)>;

const std::map<std::string, Setter>& setters() {
  static const std::map<std::string, Setter> table{
      {"partition", [](Site& site, const auto& given) { site.partition = given.text(); }},
      {"account", [](Site& site, const auto& given) { site.account = given.text(); }},
      {"qos", [](Site& site, const auto& given) { site.qos = given.text(); }},
      {"constraint", [](Site& site, const auto& given) { site.constraint = given.text(); }},
      {"setup", [](Site& site, const auto& given) { site.setup = given.text(); }},
      {"launcher", [](Site& site, const auto& given) { site.launcher = given.launcher(); }},
      {"cores_per_node",
       [](Site& site, const auto& given) { site.cores_per_node = given.integer_at_least(1); }},
      {"memory_per_node_gib",
       [](Site& site, const auto& given) { site.memory_per_node_gib = given.positive(); }},
      {"max_walltime",
       [](Site& site, const auto& given) { site.max_walltime_s = given.duration_s(); }},
      {"signal_before_end_s",
       [](Site& site, const auto& given) { site.signal_before_end_s = given.integer_at_least(0); }},
      {"network_latency_us",
       [](Site& site, const auto& given) { site.network_latency_us = given.number_at_least(0.0); }},
      {"network_bandwidth_gb_s",
       [](Site& site, const auto& given) { site.network_bandwidth_gb_s = given.positive(); }},
  };
  return table;
}

std::string known_keys() {
  std::string names;
  for (const auto& [name, setter] : setters()) names += (names.empty() ? "" : ", ") + name;
  return names;
}

}  // namespace

NetworkModel Site::network() const {
  NetworkModel model;
  model.latency_s = network_latency_us * 1e-6;
  model.bytes_per_s = network_bandwidth_gb_s * 1e9;
  model.node_latency_s = model.latency_s;
  model.node_bytes_per_s = model.bytes_per_s;
  model.cores_per_node = cores_per_node;
  return model;
}

Site read_site(const std::string& text, const std::string& file) {
  Site site;
  std::set<std::string> given;
  std::istringstream lines(text);
  std::int64_t number = 0;
  for (std::string raw; std::getline(lines, raw);) {
    const std::string place = fmt::format("{}:{}", file, ++number);
    const std::string line = trimmed(without_comment(raw));
    if (line.empty()) continue;
    const auto equals = line.find('=');
    if (equals == std::string::npos || equals == 0 || line[equals - 1] == ' ' ||
        (equals + 1 < line.size() && line[equals + 1] == ' ')) {
      fail(place, fmt::format("found \"{}\", expected name=\"text\" or name=number without spaces "
                              "around =",
                              line));
    }
    const std::string key = line.substr(0, equals);
    const auto setter = setters().find(key);
    if (setter == setters().end()) {
      fail(place, fmt::format("key '{}' is not known; known: {}", key, known_keys()));
    }
    if (!given.insert(key).second) fail(place, fmt::format("{} is given twice", key));
    setter->second(site, Assignment(key, place, value_of(line.substr(equals + 1), place)));
  }
  return site;
}

}  // namespace thalweg
