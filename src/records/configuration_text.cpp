#include "records/configuration_text.hpp"

#include <fmt/format.h>

#include <map>
#include <sstream>

namespace thalweg {

std::string without_study_key(const std::string& resolved, const std::string& key) {
  std::string kept;
  std::string table;
  std::istringstream lines(resolved);
  for (std::string line; std::getline(lines, line);) {
    if (line.starts_with("[")) table = line;
    if (table != "[study]" || !line.starts_with(key + " = ")) kept += line + "\n";
  }
  return kept;
}

std::vector<std::pair<std::string, std::string>> configuration_values(const std::string& text) {
  std::vector<std::pair<std::string, std::string>> values;
  std::map<std::string, int> counts;
  std::string header;
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) {
    if (line.empty() || line.front() == '#') continue;
    if (line.starts_with("[[")) {
      const std::string name = line.substr(2, line.size() - 4);
      header = fmt::format("[[{}]] {} ", name, counts[name]++);
      values.emplace_back(header + "itself", "present");
    } else if (line.front() == '[') {
      // A subtable of an array's element belongs to the element before it.
      header = line + " ";
      const auto dot = line.find('.');
      const auto parent = counts.find(line.substr(1, dot == std::string::npos ? dot : dot - 1));
      if (parent != counts.end()) header = fmt::format("{} {} ", line, parent->second - 1);
    } else {
      const auto equals = line.find(" = ");  // none in a line that was damaged
      values.emplace_back(header + line.substr(0, equals),
                          equals == std::string::npos ? "" : line.substr(equals + 3));
    }
  }
  return values;
}

std::vector<std::string> configuration_differences(const std::string& a, const std::string& b) {
  const auto in_a = configuration_values(a);
  const auto in_b = configuration_values(b);
  const std::map<std::string, std::string> first(in_a.begin(), in_a.end());
  const std::map<std::string, std::string> second(in_b.begin(), in_b.end());
  std::vector<std::string> found;
  for (const auto& [key, value] : in_a) {
    const auto other = second.find(key);
    if (other == second.end()) {
      found.push_back(fmt::format("{}: {}, missing in the second", key, value));
    } else if (other->second != value) {
      found.push_back(fmt::format("{}: {} and {}", key, value, other->second));
    }
  }
  for (const auto& [key, value] : in_b) {
    if (!first.contains(key)) {
      found.push_back(fmt::format("{}: missing in the first, {}", key, value));
    }
  }
  return found;
}

}  // namespace thalweg
