#include "records/verify_configuration.hpp"

#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <variant>

#include "records/configuration_text.hpp"
#include "records/record_file.hpp"

namespace thalweg {

void verify_configuration(const std::string& folder,
                          const std::function<void(const std::string&)>& fault) {
  const std::filesystem::path path = std::filesystem::path(folder) / "config.toml";
  std::ifstream file(path, std::ios::binary);
  if (!file) return;
  const RecordFile study((std::filesystem::path(folder) / "study.h5").string());
  const auto found = study.attributes().find("config_resolved");
  if (found == study.attributes().end()) return;
  const auto* recorded = std::get_if<std::string>(&found->second);
  std::string mark;  // in the first line, that it is a study's
  std::getline(file, mark);
  std::stringstream resolved;
  resolved << file.rdbuf();
  if (recorded == nullptr || without_study_key(resolved.str(), "team_size") == *recorded) return;
  fault(path.string() + ": is not the configuration in study.h5 (config_resolved)");
}

}  // namespace thalweg
