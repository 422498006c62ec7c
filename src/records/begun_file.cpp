#include "records/begun_file.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "base/checksum.hpp"
#include "records/atomic_file.hpp"

namespace thalweg {

namespace {

constexpr const char* kFirstLine = "# thalweg: what the study in this folder began with";

std::string path_in(const std::string& folder) {
  return (std::filesystem::path(folder) / kBegunFile).string();
}

std::string in_one_line(std::string text) {
  std::replace_if(
      text.begin(), text.end(), [](unsigned char c) { return c < ' '; }, '?');
  return text;
}

std::string facts_text(const BegunFacts& facts) {
  std::string text = std::string(kFirstLine) + "\n";
  for (const auto& [name, value] : facts) {
    text += fmt::format("{}\t{}\n", in_one_line(name), in_one_line(value));
  }
  const auto checksum = block_checksum(text.data(), static_cast<std::int64_t>(text.size()));
  return text + fmt::format("# checksum {:016x}\n", checksum);
}

}  // namespace

std::optional<BegunFacts> read_begun(const std::string& folder) {
  std::ifstream file(path_in(folder), std::ios::binary);
  BegunFacts facts;
  if (!file) return facts;
  std::stringstream text;
  text << file.rdbuf();
  for (std::string line; std::getline(text, line);) {
    const auto tab = line.find('\t');
    if (!line.starts_with('#') && tab != std::string::npos) {
      facts[line.substr(0, tab)] = line.substr(tab + 1);
    }
  }
  // Written anew it has the same bytes, or some of them are not those that were written.
  if (facts_text(facts) != text.str()) return std::nullopt;
  return facts;
}

void write_begun(const std::string& folder, const BegunFacts& facts) {
  write_bytes_atomically(path_in(folder), facts_text(facts));
}

void verify_begun(const std::string& folder, const std::function<void(const std::string&)>& fault) {
  if (!read_begun(folder)) fault(path_in(folder) + ": damaged: it does not match its checksum");
}

}  // namespace thalweg
