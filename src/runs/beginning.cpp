#include "runs/beginning.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <vector>

#include "base/checksum.hpp"
#include "records/file_descriptor.hpp"

namespace thalweg {

void hold_to_beginning(const StudyContext& context, const BegunFacts& now,
                       const std::string& cure) {
  collectively(context.world, [&] {
    if (!context.world.is_root()) return;
    const std::string& folder = context.study_folder;
    auto kept = read_begun(folder);
    if (!kept) {
      context.log.warn(
          fmt::format("{}/{} is damaged: whether the study began with the same is not known",
                      folder, kBegunFile));
      kept.emplace();
    }
    std::string differences;
    for (const auto& [name, value] : now) {
      const auto before = kept->find(name);
      if (before == kept->end() || before->second == value) continue;
      differences += fmt::format("{}{}: found {}, expected {}", differences.empty() ? "" : "; ",
                                 name, value, before->second);
    }
    if (!differences.empty()) {
      throw ConfigurationError(
          fmt::format("output folder {}: --resume needs what the study began with: {}; {}", folder,
                      differences, cure));
    }
    const auto size = kept->size();
    kept->insert(now.begin(), now.end());
    if (kept->size() != size) write_begun(folder, *kept);
  });
}

BegunFacts file_fact(const std::string& key, const std::string& path, FilePart part) {
  constexpr std::int64_t end_bytes = 4096;
  const FileDescriptor file(path, O_RDONLY);
  const std::int64_t whole = file.size();
  const std::int64_t size = part == FilePart::whole ? whole : std::min(whole, end_bytes);
  std::vector<char> bytes(static_cast<std::size_t>(size));
  file.read_at(whole - size, bytes.data(), size);
  return {{fmt::format("{} = {}", key, path),
           fmt::format("{} bytes of checksum {}", whole,
                       hexadecimal(block_checksum(bytes.data(), size)))}};
}

std::string hexadecimal(std::uint64_t checksum) {
  return fmt::format("{:016x}", checksum);
}

}  // namespace thalweg
