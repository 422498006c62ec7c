#include "runs/study.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <sstream>

#include "records/configuration_text.hpp"
#include "records/schema.hpp"
#include "records/verify.hpp"
#include "runs/machine_guard.hpp"
#include "runs/output_folder.hpp"

namespace thalweg {

namespace {

const StudyKind& find_kind(const std::vector<StudyKind>& kinds, const Settings& study,
                           const std::string& name) {
  std::string known;
  for (const auto& kind : kinds) {
    if (kind.name == name) return kind;
    known += (known.empty() ? "" : ", ") + kind.name;
  }
  study.fail("kind", fmt::format("kind '{}' is not known; known: {}", name, known));
}

void print_plan(const StudyHeader& header, const Settings& settings, const StudyContext& context) {
  const bool in_the_way = !context.resume && !context.force && holds_work(context.output_folder);
  fmt::print("study    {}\nkind     {}\nseed     {}\nranks    {}\noutput   {}{}\n", header.name,
             header.kind, header.seed, context.world.size(), context.output_folder,
             in_the_way ? fmt::format(": {}", kHoldsWork) : std::string());
  for (const auto& line : context.probe_forecast) fmt::print("probe    {}\n", line);
  fmt::print("\n# the configuration with every default:\n{}", settings.resolved());
  std::fflush(stdout);
}

/// Whether the folder's record is whole, and needs no work. What a kill after its last file left
/// over is removed. Collective.
bool is_complete(const StudyContext& context) {
  bool complete = false;
  collectively(context.world, [&] {
    const std::string& folder = context.output_folder;
    if (!context.world.is_root() || !std::filesystem::exists(folder + "/study.h5")) return;
    const auto faults = verify_record(folder);
    for (const auto& fault : faults) context.log.warn(fault);
    complete = faults.empty();
    if (!complete) return;
    std::filesystem::remove_all(folder + "/checkpoints");
    context.log.info(folder + ": the record is complete, nothing is left to do");
    fmt::print("record: {}/study.h5\n", folder);
    std::fflush(stdout);
  });
  return context.world.any(complete);
}

}  // namespace

std::string StudyContext::how_to_resume() const {
  std::string command;
  std::istringstream words(provenance.command_line);
  for (std::string word; std::getline(words, word, ' ');) {
    if (word != "--resume" && word != "--force") command += word + " ";
  }
  const std::string launcher =
      provenance.mpi_size > 1 ? fmt::format("mpirun -n {} ", provenance.mpi_size) : "";
  return fmt::format("run again with --resume, on any number of ranks:\n{}{}--resume", launcher,
                     command);
}

StudyHeader read_study_header(const Settings& settings, const std::string& study_file) {
  const Settings study = settings.table("study");
  StudyHeader header;
  header.name = study.string("name", std::filesystem::path(study_file).stem().string());
  const bool plain =
      header.name.find_first_not_of(
          "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-") == std::string::npos;
  if (!plain || header.name.empty() || header.name.front() == '.') {
    study.fail(
        "name",
        fmt::format("found \"{}\", expected letters, digits, '.', '_' and '-': it names files",
                    header.name));
  }
  header.kind = study.string("kind", "");
  header.seed = study.integer_at_least("seed", 0, 0);
  header.team_size = study.integer_at_least("team_size", 0, 0);
  return header;
}

void check_team_size(const Settings& settings, const StudyHeader& header, std::int64_t ranks) {
  if (header.team_size <= ranks) return;
  settings.table("study").fail(
      "team_size", fmt::format("found {}, but there are {} ranks", header.team_size, ranks));
}

std::string recorded_configuration(const Settings& settings) {
  return without_study_key(settings.resolved(), "team_size");
}

void add_study_attributes(Record& record, const StudyHeader& header, const StudyContext& context,
                          const std::string& resolved) {
  Attributes attributes = provenance_attributes(context.provenance);
  attributes["schema"] = std::string(kStudySchema);
  attributes["schema_version"] = kSchemaVersion;
  attributes["study"] = header.name;
  attributes["kind"] = header.kind;
  attributes["seed"] = header.seed;
  attributes["team_size"] = context.provenance.mpi_size;
  attributes["config"] = context.study_text;
  attributes["config_resolved"] = resolved;
  record.attributes.merge(attributes);
}

ExitCode run_study(const std::vector<StudyKind>& kinds, const Settings& settings,
                   StudyContext& context) {
  StudyHeader header;
  StudyBody body;
  gather_machines(context);
  collectively(context.world, [&] {
    header = read_study_header(settings, context.study_file);
    if (context.output_folder.empty()) context.output_folder = "results/" + header.name;
    context.study_folder = context.output_folder;
    if (context.world.is_root()) {
      // A dry run writes nothing there, and says in its table what is in the way.
      check_output_folder(context.output_folder,
                          context.resume || context.force || context.dry_run);
    }
    body =
        find_kind(kinds, settings.table("study"), header.kind).prepare(settings, header, context);
    settings.reject_unknown();
  });
  if (context.dry_run) {
    collectively(context.world, [&] {
      if (!context.world.is_root()) return;
      settings.reject_missing_paths();
      print_plan(header, settings, context);
    });
    return ExitCode::done;
  }
  const HeldFolder held(context.world, context.output_folder, holder_of(context.provenance));
  auto start = static_cast<std::int64_t>(StudyStart::fresh);
  collectively(context.world, [&] {
    if (context.world.is_root()) {
      start = static_cast<std::int64_t>(open_output_folder(
          context.output_folder, settings.resolved(), context.resume, context.force));
    }
  });
  context.world.broadcast(std::span(&start, 1));
  if (static_cast<StudyStart>(start) == StudyStart::resumed && is_complete(context)) {
    return ExitCode::done;
  }
  hold_machines(context);
  return body(static_cast<StudyStart>(start));
}

}  // namespace thalweg
