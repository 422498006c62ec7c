#include "studies/merge.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <memory>
#include <set>

#include "records/configuration_text.hpp"
#include "records/record_file.hpp"
#include "records/verify.hpp"
#include "runs/output_folder.hpp"
#include "runs/recorded_study.hpp"
#include "studies/merge_files.hpp"
#include "studies/study_kinds.hpp"
#include "studies/trajectories/trajectory_study.hpp"

namespace thalweg {

namespace fs = std::filesystem;

namespace {

struct MergedPart {
  RecordedStudy study;
  std::string config;    ///< as given
  std::string resolved;  ///< without [study] part
  std::string made_by;   ///< program and BLAS kernels, on which bits depend
};

/// A run of the merged study and where it comes from.
struct Source {
  std::string run;
  std::string folder;
  std::string name;  ///< of the run there
};

/// On the root. A folder without study.h5 is left to the next step.
void check_folder(const std::string& folder, const std::string& output) {
  if (lies_within(folder, output) || lies_within(output, folder)) {
    throw ConfigurationError(fmt::format(
        "output folder {}: lies in {} or holds it, which is to be read", output, folder));
  }
  if (!fs::exists(fs::path(folder) / "study.h5")) return;
  std::string text;
  for (const auto& fault : verify_record(folder)) text += (text.empty() ? "" : "\n") + fault;
  if (!text.empty()) throw Error(text, ExitCode::verification);
}

MergedPart read_part(const Communicator& world, const std::string& folder) {
  MergedPart part{open_recorded_study(world, folder), {}, {}, {}};
  collectively(world, [&] {
    if (!world.is_root()) return;
    const RecordFile file((fs::path(part.study.folder) / "study.h5").string());
    const auto text = [&](const char* name) {
      return std::get<std::string>(file.attributes().at(name));
    };
    part.config = text("config");
    part.resolved = without_study_key(text("config_resolved"), "part");
    part.made_by = fmt::format("commit {}, BLAS core {}", text("git_sha"), text("blas_core"));
  });
  part.config = world.broadcast(part.config);
  part.resolved = world.broadcast(part.resolved);
  return part;
}

/// The --set that makes one study of parts with other seeds each: all of them, ascending.
std::vector<std::string> overrides_of(const std::vector<MergedPart>& parts) {
  std::set<std::vector<std::int64_t>> lists;
  std::set<std::int64_t> seeds;
  for (const auto& part : parts) {
    const auto list =
        Settings::parse(part.resolved, part.study.folder).table("sweep").integers("seeds", {});
    lists.insert(list);
    seeds.insert(list.begin(), list.end());
  }
  if (lists.size() == 1) return {};
  std::string all;
  for (const auto seed : seeds) all += fmt::format("{}{}", all.empty() ? "" : ", ", seed);
  return {fmt::format("sweep.seeds=[{}]", all)};
}

/// The settings of the whole study, as this part has them, and all of them in words.
std::string resolved_with(const MergedPart& part, const std::vector<std::string>& overrides,
                          StudyContext& context) {
  const Settings settings = Settings::parse(part.resolved, part.study.folder, overrides);
  const StudyHeader header = read_study_header(settings, part.study.folder);
  static_cast<void>(prepare_trajectory_study(settings, header, context));
  return settings.resolved();
}

/// What all parts agree on: the whole study's settings in words.
std::string common_configuration(const std::vector<MergedPart>& parts,
                                 const std::vector<std::string>& overrides, StudyContext& context) {
  const MergedPart& first = parts.front();
  std::string common = resolved_with(first, overrides, context);
  for (const auto& part : parts) {
    if (const auto difference =
            configuration_difference(common, resolved_with(part, overrides, context))) {
      throw ConfigurationError(
          fmt::format("{}: not of the same study as {} (made apart by [study] part = \"K/N\", or "
                      "by [sweep] seeds alone): {}",
                      part.study.folder, first.study.folder, *difference));
    }
    if (part.study.data_hash != first.study.data_hash) {
      throw ConfigurationError(fmt::format("{}: its data have the hash {}, those of {} {}",
                                           part.study.folder, part.study.data_hash,
                                           first.study.folder, first.study.data_hash));
    }
  }
  return common;
}

/// Each run of the whole study in the one part that has it.
std::vector<Source> sources_of(const std::vector<RunSpec>& runs,
                               const std::vector<MergedPart>& parts) {
  std::vector<Source> sources;
  std::string missing;
  for (const auto& run : runs) {
    Source source{run.name, {}, {}};
    for (const auto& part : parts) {
      for (const auto& candidate : part.study.runs) {
        if (candidate.group != run.group || candidate.seed != run.seed) continue;
        if (!source.folder.empty()) {
          throw ConfigurationError(fmt::format("run '{}' is both in {} and in {}", run.name,
                                               source.folder, part.study.folder));
        }
        source.folder = part.study.folder;
        source.name = candidate.name;
      }
    }
    if (source.folder.empty()) missing += (missing.empty() ? "" : ", ") + run.name;
    sources.push_back(source);
  }
  if (!missing.empty()) {
    throw ConfigurationError(fmt::format("no folder has the runs: {}", missing));
  }
  return sources;
}

/// Are the data still those of the parts? Collective.
void check_data(const RecordedStudy& study, const Communicator& world) {
  if (study.wide) {
    static_cast<void>(load_recorded_data<double>(study, world, world));
  } else {
    static_cast<void>(load_recorded_data<float>(study, world, world));
  }
}

}  // namespace

ExitCode merge_studies(const std::vector<std::string>& folders, StudyContext& context) {
  const Communicator& world = context.world;
  collectively(world, [&] {
    if (!world.is_root()) return;
    for (const auto& folder : folders) check_folder(folder, context.output_folder);
  });
  std::vector<MergedPart> parts;
  parts.reserve(folders.size());
  for (const auto& folder : folders) parts.push_back(read_part(world, folder));
  const MergedPart& first = parts.front();
  for (const auto& part : parts) {
    if (part.made_by == first.made_by) continue;
    context.log.warn(fmt::format("{} was made by {}, {} by {}: bits may depend on it",
                                 part.study.folder, part.made_by, first.study.folder,
                                 first.made_by));
  }
  std::vector<std::string> overrides;
  std::string common;
  std::vector<Source> sources;
  collectively(world, [&] {
    overrides = overrides_of(parts);
    common = common_configuration(parts, overrides, context);
    const Settings settings = Settings::parse(common, first.study.folder);
    sources = sources_of(
        read_run_specs(settings, static_cast<std::uint64_t>(first.study.header.seed)), parts);
  });
  check_data(first.study, world);
  {
    const HeldFolder held(world, context.output_folder, holder_of(context.provenance));
    collectively(world, [&] {
      if (!world.is_root()) return;
      open_output_folder(context.output_folder, common, context.resume, context.force);
      for (const auto& part : parts) copy_trials(part.study, context.output_folder);
      for (const auto& source : sources) {
        copy_run(source.folder, source.name, context.output_folder, source.run);
      }
      context.log.info(fmt::format("{} runs of {} folders", sources.size(), parts.size()));
    });
  }
  context.provenance.merged_from = folders;
  context.study_file = first.study.folder;
  context.study_text = first.config;
  context.resume = true;
  context.force = false;
  return run_study(Settings::parse(first.resolved, first.study.folder, overrides), context);
}

}  // namespace thalweg
