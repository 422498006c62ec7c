#include <fmt/format.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "app/command_line.hpp"

namespace thalweg {

std::string read_text_file(const std::string& path) {
  if (std::filesystem::is_directory(path))
    throw ConfigurationError(path + ": is a folder, expected a file");
  std::ifstream file(path, std::ios::binary);
  if (!file)
    throw ConfigurationError(fmt::format("{}: cannot be read: {}", path, std::strerror(errno)));
  std::stringstream text;
  text << file.rdbuf();
  return text.str();
}

}  // namespace thalweg
