#include "app/command_line.hpp"
#include "base/duration.hpp"

namespace thalweg {

double parse_time_limit(const std::string& text) {
  return parse_duration(text, "--time-limit");
}

}  // namespace thalweg
