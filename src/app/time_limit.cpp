#include <fmt/format.h>

#include <array>
#include <string>
#include <vector>

#include "app/command_line.hpp"

namespace thalweg {

double parse_time_limit(const std::string& text) {
  const auto refuse = [&]() -> void {
    throw ConfigurationError(
        fmt::format("--time-limit {}: expected seconds, MM:SS, HH:MM:SS or D-HH:MM:SS", text));
  };
  double days = 0.0;
  std::string rest = text;
  const auto number = [&](const std::string& digits) {
    if (digits.empty() || digits.find_first_not_of("0123456789.") != std::string::npos) refuse();
    std::size_t used = 0;
    double value = 0.0;
    try {
      value = std::stod(digits, &used);
    } catch (const std::exception&) {
      refuse();
    }
    if (used != digits.size()) refuse();
    return value;
  };
  if (const auto dash = rest.find('-'); dash != std::string::npos) {
    days = number(rest.substr(0, dash));
    rest = rest.substr(dash + 1);
  }
  std::vector<double> parts;
  std::size_t at = 0;
  while (true) {
    const auto colon = rest.find(':', at);
    parts.push_back(number(rest.substr(at, colon == std::string::npos ? colon : colon - at)));
    if (colon == std::string::npos) break;
    at = colon + 1;
  }
  if (parts.size() > 3) refuse();
  double seconds = 0.0;
  for (const double part : parts) seconds = seconds * 60.0 + part;
  seconds += days * 86400.0;
  if (!(seconds > 0.0)) refuse();
  return seconds;
}

}  // namespace thalweg
