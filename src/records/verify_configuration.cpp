#include "records/verify_configuration.hpp"

#include <filesystem>
#include <fstream>
#include <istream>
#include <variant>

#include "records/record_file.hpp"

namespace thalweg {

namespace {

/// The lines that say what was computed.
std::string significant(std::istream& text) {
  std::string kept;
  for (std::string line; std::getline(text, line);) {
    if (!line.starts_with("team_size = ") && !line.starts_with('#')) kept += line + "\n";
  }
  return kept;
}

}  // namespace

void verify_configuration(const std::string& folder,
                          const std::function<void(const std::string&)>& fault) {
  const std::filesystem::path path = std::filesystem::path(folder) / "config.toml";
  std::ifstream file(path, std::ios::binary);
  if (!file) return;
  const RecordFile study((std::filesystem::path(folder) / "study.h5").string());
  const auto found = study.attributes().find("config_resolved");
  if (found == study.attributes().end()) return;
  const auto* recorded = std::get_if<std::string>(&found->second);
  if (recorded == nullptr || significant(file) == *recorded) return;
  fault(path.string() + ": is not the configuration in study.h5 (config_resolved)");
}

}  // namespace thalweg
