#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <map>
#include <vector>

#include "app/show.hpp"
#include "base/error.hpp"
#include "base/terminal.hpp"
#include "records/checkpoint.hpp"
#include "records/diff.hpp"
#include "records/provenance.hpp"
#include "records/record_file.hpp"
#include "records/schema.hpp"

namespace thalweg {

namespace fs = std::filesystem;

namespace {

constexpr std::int64_t kMostPoints = 7;  ///< of a trajectory that is shown whole
constexpr std::int64_t kMostRows = 200;

std::string attribute_text(const Attributes& attributes, const std::string& name) {
  const auto found = attributes.find(name);
  if (found == attributes.end()) return "?";
  if (const auto* text = std::get_if<std::string>(&found->second)) return *text;
  if (const auto* whole = std::get_if<std::int64_t>(&found->second))
    return fmt::format("{}", *whole);
  if (const auto* number = std::get_if<double>(&found->second)) return fmt::format("{}", *number);
  std::string all;
  for (const auto& text : std::get<std::vector<std::string>>(found->second)) {
    all += (all.empty() ? "" : ", ") + text;
  }
  return all;
}

std::string folder_of(const std::string& path) {
  return path.substr(0, path.rfind('/'));
}

std::string header_text(const RecordFile& file) {
  const auto& root = file.attributes();
  std::string text =
      fmt::format("{}  {}, version {}\n", file.path(), attribute_text(root, "schema"),
                  attribute_text(root, "schema_version"));
  if (root.contains("software_version")) {
    text += fmt::format("made {} by thalweg {} ({}{}); ranks: {} on {}; {}, BLAS core {}\n",
                        attribute_text(root, "date"), attribute_text(root, "software_version"),
                        attribute_text(root, "git_sha").substr(0, 10),
                        attribute_text(root, "git_dirty") == "1" ? ", with changes" : "",
                        attribute_text(root, "mpi_size"), attribute_text(root, "hostnames"),
                        attribute_text(root, "mpi"), attribute_text(root, "blas_core"));
    text += fmt::format("by    {}\n", attribute_text(root, "command_line"));
  }
  for (const auto& [name, value] : root) {
    if (is_provenance(name) || name == "schema" || name == "schema_version") continue;
    const std::string shown = attribute_text(root, name);
    if (shown.find('\n') == std::string::npos) text += fmt::format("  {} = {}\n", name, shown);
  }
  return text;
}

std::string others_text(const RecordFile& file, std::size_t width) {
  TextTable scalars;
  TextTable others;
  for (const auto& [name, outline] : file.arrays()) {
    const std::string group = folder_of(name);
    const std::string units = attribute_text(outline.attributes, "units");
    if (outline.what.shape.empty()) {
      scalars.push_back({name, cells(file.read(name).values).front(), units == "1" ? "" : units,
                         attribute_text(outline.attributes, "long_name")});
    } else if ((group != "/trajectory" && group != "/summary") || outline.what.shape.size() != 1) {
      others.push_back({name, hdf5::shape_text(outline.what.shape), units,
                        attribute_text(outline.attributes, "long_name")});
    }
  }
  std::string text;
  if (!scalars.empty()) text += "numbers\n" + described(scalars, width);
  if (!others.empty()) text += "datasets\n" + described(others, width);
  for (const auto& [name, target] : file.external_links()) {
    text += fmt::format("  {} → {}\n", name, target);
  }
  return text;
}

/// What was measured later stands in a file of its own, which has nothing else to show.
std::string probes_text(const RecordFile& file, ShowTables& tables) {
  std::string text;
  if (attribute_text(file.attributes(), "schema") != kProbeSchema) return text;
  for (const auto& [group, attributes] : file.groups()) {
    if (group.starts_with("/probes/")) text += tables.of(file, group, kMostRows);
  }
  return text;
}

std::string file_text(const std::string& path, const ShowOptions& options, ShowTables& tables) {
  const RecordFile file(path);
  return wrapped(header_text(file), options.width) + tables.of(file, "/summary", kMostRows) +
         tables.of(file, "/trajectory", kMostPoints) + probes_text(file, tables) +
         others_text(file, options.width);
}

std::string folder_text(const std::string& path, const ShowOptions& options, ShowTables& tables) {
  const fs::path study = fs::path(path) / "study.h5";
  const auto names = record_files(path);
  std::string text;
  if (fs::exists(study)) {
    text += file_text(study.string(), options, tables);
  } else if (fs::exists(fs::path(path) / "config.toml")) {
    text += fmt::format("{}  unfinished study\n", path);
  } else if (names.empty()) {
    throw Error(path + ": holds no record");
  }
  if (!names.empty()) text += "files\n";
  std::map<std::string, std::int64_t> snapshots;  // by run: there may be thousands
  for (const auto& name : names) {
    if (name.starts_with("snapshots/")) {
      ++snapshots[folder_of(name)];
    } else {
      text += fmt::format("  {}\n", name);
    }
  }
  for (const auto& [run, count] : snapshots) text += fmt::format("  {}/  {} steps\n", run, count);
  const fs::path checkpoints = fs::path(path) / "checkpoints";
  if (!fs::is_directory(checkpoints)) return text;
  std::vector<std::string> kept;
  for (const auto& entry : fs::directory_iterator(checkpoints)) {
    if (entry.is_directory()) continue;  // claims, which hold no state
    const std::string name = entry.path().filename().string();
    if (!name.ends_with(".previous") && !name.ends_with(".next") && !name.starts_with("."))
      kept.push_back(name);
  }
  std::sort(kept.begin(), kept.end());
  for (const auto& name : kept) {
    CheckpointSource source;
    const auto record = read_newest_checkpoint((checkpoints / name).string(), &source);
    text += fmt::format("  checkpoints/{}{}\n", name,
                        !record ? "  (broken)"
                        : record->attributes.contains("step")
                            ? fmt::format("  step {}", attribute_text(record->attributes, "step"))
                            : "");
  }
  return text;
}

}  // namespace

std::string show_text(const std::string& path, const ShowOptions& options) {
  ShowTables tables(options);
  std::string text = fs::is_directory(path) ? folder_text(path, options, tables)
                                            : file_text(path, options, tables);
  tables.reject_unknown();
  return text;
}

}  // namespace thalweg
