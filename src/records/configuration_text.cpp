#include "records/configuration_text.hpp"

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

}  // namespace thalweg
