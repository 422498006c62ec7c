#include "studies/merge_files.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <vector>

#include "records/atomic_file.hpp"
#include "records/diff.hpp"
#include "records/record_file.hpp"
#include "runs/run_files.hpp"

namespace thalweg {

namespace fs = std::filesystem;

namespace {

void copy_bytes(const fs::path& from, const fs::path& to) {
  std::ifstream file(from, std::ios::binary);
  std::ostringstream bytes;
  bytes << file.rdbuf();
  if (!file || !bytes) throw Error(from.string() + ": cannot be read");
  write_bytes_atomically(to.string(), bytes.str());
}

/// A file that says of which run it is, by one of these root attributes.
void copy_of_run(const fs::path& from, const fs::path& to, const std::string& attribute,
                 const std::string& new_name) {
  const bool renamed =
      RecordFile(from.string()).attributes().at(attribute) != AttributeValue(new_name);
  if (!renamed) {
    copy_bytes(from, to);
    return;
  }
  Record record = read_record(from.string());
  record.attributes[attribute] = new_name;
  write_record(to.string(), record);
}

/// The .h5 files directly in a folder, which need not be there, by name.
std::vector<fs::path> files_in(const fs::path& folder) {
  std::vector<fs::path> files;
  if (!fs::is_directory(folder)) return files;
  for (const auto& entry : fs::directory_iterator(folder)) {
    if (entry.path().extension() == ".h5") files.push_back(entry.path());
  }
  std::sort(files.begin(), files.end());
  return files;
}

}  // namespace

void copy_run(const std::string& from, const std::string& name, const std::string& to,
              const std::string& new_name) {
  copy_of_run(files_of(from, name).record, files_of(to, new_name).record, "name", new_name);
  const fs::path target(to);
  for (const auto& file : files_in(fs::path(from) / "snapshots" / name)) {
    copy_of_run(file, target / "snapshots" / new_name / file.filename(), "run", new_name);
  }
  for (const auto& file : files_in(fs::path(from) / "probes")) {
    if (RecordFile(file.string()).attributes().at("run") != AttributeValue(name)) continue;
    const std::string probe = file.filename().string().substr(name.size());
    copy_of_run(file, target / "probes" / (new_name + probe), "run", new_name);
  }
}

void copy_trials(const RecordedStudy& study, const std::string& to) {
  for (const auto& file : files_in(fs::path(study.folder) / "runs")) {
    const bool is_run = std::any_of(study.runs.begin(), study.runs.end(), [&](const auto& run) {
      return run.name == file.stem().string();
    });
    if (is_run) continue;
    const fs::path target = fs::path(to) / "runs" / file.filename();
    if (!fs::exists(target)) {
      copy_bytes(file, target);
    } else if (differ_in_content(diff_records(file.string(), target.string()))) {
      throw Error(fmt::format("{}: not the same trial as in another part", file.string()),
                  ExitCode::verification);
    }
  }
}

}  // namespace thalweg
