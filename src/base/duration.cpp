#include "base/duration.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <vector>

#include "base/error.hpp"

namespace thalweg {

double parse_duration(const std::string& text, const std::string& what) {
  const auto refuse = [&]() -> void {
    throw ConfigurationError(
        fmt::format("{} {}: expected seconds, MM:SS, HH:MM:SS or D-HH:MM:SS", what, text));
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

std::string duration_text(double seconds) {
  const auto minutes =
      std::max<std::int64_t>(1, static_cast<std::int64_t>(std::ceil(seconds / 60.0)));
  return fmt::format("{:02}:{:02}:00", minutes / 60, minutes % 60);
}

}  // namespace thalweg
