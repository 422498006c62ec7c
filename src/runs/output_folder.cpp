#include "runs/output_folder.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <map>
#include <sstream>

#include "parallel/host_name.hpp"
#include "records/atomic_file.hpp"
#include "records/begun_file.hpp"
#include "records/configuration_text.hpp"
#include "records/record_file.hpp"

namespace thalweg {

namespace fs = std::filesystem;

namespace {

/// The first line of config.toml: by it a folder is known as a study's.
constexpr const char* kMark =
    "# thalweg: the configuration of the study in this folder, every default written out";

/// What a study writes into its folder, and what --force may delete.
constexpr std::array kOwned{"study.h5",        "gram.h5",          "runs",        "probes",
                            "snapshots",       "config.toml",      "checkpoints", "cross.h5",
                            "gram.h5.partial", "cross.h5.partial", "surfaces",    "connections",
                            kBegunFile};

[[noreturn]] void refuse_folder(const fs::path& path, const std::string& why) {
  throw ConfigurationError(fmt::format("output folder {}: {}", path.string(), why));
}

void make_folder(const fs::path& folder) {
  std::error_code error;
  fs::create_directories(folder, error);
  if (error) refuse_folder(folder, "cannot be made: " + error.message());
}

std::string read_text(const fs::path& path) {
  std::ifstream file(path);
  std::stringstream text;
  text << file.rdbuf();
  return text.str();
}

/// Whether there is nothing but the lock and what is `allowed`.
bool holds_nothing_but(const fs::path& folder, const std::vector<std::string_view>& allowed) {
  std::error_code error;
  const fs::directory_iterator entries(folder, error);
  if (error) refuse_folder(folder, "cannot be read: " + error.message());
  return std::all_of(fs::begin(entries), fs::end(entries), [&](const fs::directory_entry& entry) {
    const std::string name = entry.path().filename().string();
    return name.starts_with(FolderLock::kName) ||
           std::find(allowed.begin(), allowed.end(), name) != allowed.end();
  });
}

/// Nothing is there, or the configuration and what a study began with alone, left by one that
/// failed before it had any result.
bool holds_no_work(const fs::path& folder) {
  return holds_nothing_but(folder, {"config.toml", kBegunFile});
}

/// The configuration that the folder's record or unfinished work was made with.
std::optional<std::string> stored_configuration(const fs::path& folder) {
  const std::string text = read_text(folder / "config.toml");
  if (text.starts_with(kMark)) return text;
  if (!fs::exists(folder / "study.h5")) return std::nullopt;
  const RecordFile record((folder / "study.h5").string());
  const auto found = record.attributes().find("config_resolved");
  if (found == record.attributes().end()) return std::nullopt;
  const auto* resolved = std::get_if<std::string>(&found->second);
  return resolved == nullptr ? std::nullopt : std::optional(*resolved);
}

void delete_owned(const fs::path& folder) {
  bool ours = false;
  try {
    ours = stored_configuration(folder).has_value();
  } catch (const Error&) {
    // A study.h5 that cannot be read says nothing about who owns the folder.
  }
  if (!ours)
    refuse_folder(folder, "holds something, but no thalweg record: --force deletes nothing there");
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(folder)) {
    const std::string name = entry.path().filename().string();
    bool owned = name.starts_with(".") && name.ends_with(".partial");
    // config.toml goes last: while anything is left, the folder is known as a study's.
    for (const char* one : kOwned) owned = owned || (name == one && name != "config.toml");
    if (owned) fs::remove_all(entry.path(), error);
    if (error) refuse_folder(entry.path(), "cannot be deleted: " + error.message());
  }
  fs::remove(folder / "config.toml", error);
  if (error) refuse_folder(folder / "config.toml", "cannot be deleted: " + error.message());
}

}  // namespace

std::optional<std::string> configuration_difference(const std::string& stored,
                                                    const std::string& given) {
  const auto old_values = configuration_values(stored);
  const auto new_values = configuration_values(given);
  const std::map<std::string, std::string> before(old_values.begin(), old_values.end());
  const std::map<std::string, std::string> after(new_values.begin(), new_values.end());
  const std::string free = "[study] team_size";
  for (const auto& [key, value] : new_values) {
    const auto found = before.find(key);
    if (key == free || (found != before.end() && found->second == value)) continue;
    return found == before.end()
               ? fmt::format("{} is {}, which the stored configuration does not have", key, value)
               : fmt::format("{} is {}, in the stored configuration {}", key, value, found->second);
  }
  for (const auto& [key, value] : old_values) {
    if (key != free && !after.contains(key)) {
      return fmt::format("{} is not there, in the stored configuration it is {}", key, value);
    }
  }
  return std::nullopt;
}

bool lies_within(const std::string& path, const std::string& folder) {
  std::error_code none;
  const auto within =
      fs::weakly_canonical(path, none).lexically_relative(fs::weakly_canonical(folder, none));
  return !within.empty() && *within.begin() != "..";
}

void check_output_folder(const std::string& folder, bool may_hold) {
  std::error_code error;
  fs::path place = fs::absolute(folder);
  while (!fs::exists(place, error) && place.has_relative_path()) place = place.parent_path();
  if (!fs::is_directory(place, error)) {
    refuse_folder(folder, fmt::format("cannot be made: {} is not a folder", place.string()));
  }
  if (::access(place.c_str(), W_OK | X_OK) != 0) {
    refuse_folder(folder,
                  fmt::format("{} cannot be written to: {}", place.string(), std::strerror(errno)));
  }
  if (!may_hold && holds_work(folder)) refuse_folder(folder, kHoldsWork);
}

bool holds_work(const std::string& folder) {
  std::error_code error;
  return fs::is_directory(folder, error) && !holds_no_work(folder);
}

LockHolder holder_of(const Provenance& provenance) {
  const auto job = provenance.slurm.find("SLURM_JOB_ID");
  return {host_name(), ::getpid(), job == provenance.slurm.end() ? std::string() : job->second,
          provenance.hostnames};
}

HeldFolder::HeldFolder(const Communicator& world, const std::string& folder,
                       const LockHolder& holder)
    : is_root_(world.is_root()) {
  // A network file system may show a new file to other hosts only after a while.
  constexpr double join_patience_s = 5.0;
  collectively(world, [&] {
    if (!is_root_) return;
    make_folder(folder);
    lock_.emplace(folder, holder, LockPatience());
    lock_->share();
  });
  const std::string text = world.broadcast(is_root_ ? lock_->text() : std::string());
  const std::string root_host = world.broadcast(holder.host);
  const Communicator node = world.split_by_node();
  collectively(world, [&] {
    try {
      if (!is_root_) lock_.emplace(folder, text, join_patience_s);
    } catch (const Error& error) {
      throw Error(
          fmt::format("output folder {}: host {} does not see the one that rank 0 has made on {} "
                      "({}); a study over several hosts needs a folder that all of them share",
                      folder, host_name(), root_host, error.what()));
    }
    if (node.is_root()) beat_.emplace(lock_->file(), FolderLock::kBeat_s);
  });
}

HeldFolder::~HeldFolder() {
  if (is_root_ && lock_) lock_->remove();
}

StudyStart open_output_folder(const std::string& folder, const std::string& resolved, bool resume,
                              bool force) {
  check_output_folder(folder, resume || force);
  make_folder(folder);
  StudyStart start = StudyStart::fresh;
  if (resume ? !holds_nothing_but(folder, {}) : !holds_no_work(folder)) {
    if (force) {
      delete_owned(folder);
    } else {
      const auto stored = stored_configuration(folder);
      if (!stored)
        refuse_folder(folder, "holds something, but no thalweg record that could be resumed");
      if (const auto difference = configuration_difference(*stored, resolved)) {
        refuse_folder(folder,
                      fmt::format("--resume needs the same configuration: {}", *difference));
      }
      start = StudyStart::resumed;
    }
  }
  if (start == StudyStart::fresh) fs::remove(fs::path(folder) / kBegunFile);
  // A resumed folder may have lost its own, and be known by study.h5 alone.
  const fs::path config = fs::path(folder) / "config.toml";
  if (start == StudyStart::fresh || !read_text(config).starts_with(kMark)) {
    write_bytes_atomically(config.string(), fmt::format("{}\n{}", kMark, resolved));
  }
  return start;
}

}  // namespace thalweg
