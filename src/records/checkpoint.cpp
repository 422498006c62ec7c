#include "records/checkpoint.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>

#include "base/error.hpp"
#include "records/atomic_file.hpp"
#include "records/record_file.hpp"

namespace thalweg {

namespace fs = std::filesystem;

namespace {

std::string next_name(const std::string& path) {
  return path + ".next";
}
std::string previous_name(const std::string& path) {
  return path + ".previous";
}

void rename_file(const std::string& from, const std::string& to) {
  if (::rename(from.c_str(), to.c_str()) != 0) {
    throw Error(fmt::format("{}: cannot be renamed to {}: {}", from, to, std::strerror(errno)));
  }
}

}  // namespace

void write_checkpoint(const std::string& path, const Record& record) {
  write_record(next_name(path), record);
  // The present generation gets its second name before it loses the first.
  const std::string link = previous_name(path) + ".link";
  ::unlink(link.c_str());
  if (::link(path.c_str(), link.c_str()) == 0) {
    rename_file(link, previous_name(path));
    ::unlink(link.c_str());  // a rename between two names of one file leaves both
  } else if (errno != ENOENT) {
    // A file system without hard links: for a moment PATH.next and PATH.previous are the whole
    // ones.
    rename_file(path, previous_name(path));
  }
  rename_file(next_name(path), path);
  const auto parent = fs::path(path).parent_path();
  sync_folder(parent.empty() ? "." : parent.string());
}

std::optional<Record> read_newest_checkpoint(const std::string& path, CheckpointSource* source) {
  CheckpointSource found;
  std::optional<Record> result;
  // PATH.next exists only between its own completion and the renames, so it is newer than PATH.
  for (const auto& name : {next_name(path), path, previous_name(path)}) {
    if (!fs::exists(name)) continue;
    try {
      const RecordFile file(name);
      if (file.seal() == Seal::absent) throw Error(name + ": has no checksum, cut short?");
      result = read_record(file);
      found.file = name;
      break;
    } catch (const std::exception& error) {
      // Broken bytes may also ask for absurd amounts of memory: whatever it is, an older one may be
      // whole.
      found.skipped.emplace_back(error.what());
    }
  }
  if (source != nullptr) *source = found;
  return result;
}

std::optional<Record> resume_checkpoint(const std::string& path, const Log& log) {
  CheckpointSource source;
  auto record = read_newest_checkpoint(path, &source);
  for (const auto& reason : source.skipped) log.warn("passed over: " + reason);
  if (!record) return record;
  const auto step = record->attributes.find("step");
  const auto* number =
      step == record->attributes.end() ? nullptr : std::get_if<std::int64_t>(&step->second);
  log.info(fmt::format("resumed from {}{}", source.file,
                       number == nullptr ? "" : fmt::format(" at step {}", *number)));
  return record;
}

void remove_checkpoint(const std::string& path) {
  std::error_code ignored;
  for (const auto& name : {path, next_name(path), previous_name(path)}) fs::remove(name, ignored);
}

}  // namespace thalweg
