#include "studies/trajectories/landscape_study.hpp"

#include <fmt/format.h>

#include <cstdio>
#include <filesystem>
#include <utility>

#include "runs/beginning.hpp"
#include "runs/output_folder.hpp"
#include "studies/trajectories/probe_forecast.hpp"
#include "studies/trajectories/trajectory_study.hpp"

namespace thalweg {

namespace {

template <class Real>
class LandscapeStudy {
 public:
  LandscapeStudy(const StudyHeader& header, const RecordedStudy& source,
                 const LandscapeSpecs& plans, const std::string& resolved,
                 const StudyContext& context)
      : header_(header),
        source_(source),
        resolved_(resolved),
        context_(context),
        // Points need no team of their own size, unless a team holds the samples together.
        apart_(source.data.placement == Placement::node),
        teams_(context.world,
               header.team_size == 0 && !apart_ ? context.world.size()
                                                : std::max<std::int64_t>(header.team_size, 1),
               1),
        data_(load_recorded_data<Real>(source, context.world, teams_.mine())),
        works_(plans) {}

  ExitCode run() {
    const Communicator& world = context_.world;
    hold_source();
    collectively(world, [&] { works_.check(source_.runs, data_); });
    if (world.is_root()) {
      context_.log.info(fmt::format("{}; runs of {}, {} teams of {} ranks", data_.description,
                                    source_.folder, teams_.count(), teams_.mine().size()));
    }
    const auto outcome = works_.make(
        {context_, source_.folder, source_.runs, data_, teams_, apart_ ? world : teams_.mine()});
    if (outcome == RunOutcome::interrupted) {
      if (world.is_root()) {
        context_.log.info("interrupted; what is done is kept: " + context_.how_to_resume());
      }
      return ExitCode::checkpointed;
    }
    collectively(world, [&] {
      if (world.is_root()) seal();
    });
    return ExitCode::done;
  }

 private:
  /// The runs stood upon are those of this study's beginning. Their data are told by their record.
  void hold_source() const {
    BegunFacts facts;
    collectively(context_.world, [&] {
      if (!context_.world.is_root()) return;
      const auto name = "[from] record = " + source_.folder;
      facts[name + " (its data)"] = "checksum " + source_.data_hash;
      facts[name + " (its configuration)"] = source_.configuration_hash;
      for (const auto& run : source_.runs) {
        facts[fmt::format("{} (the end of run {})", name, run.name)] =
            "parameters of checksum " + end_hash<Real>(source_.folder, run.name);
      }
    });
    hold_to_beginning(context_, facts);
  }

  void seal() const {
    Record study;
    study.attributes["team_size"] = teams_.team_size();
    add_study_attributes(study, header_, context_, resolved_);
    study.attributes["data"] = data_.description;
    study.attributes["data_hash"] = source_.data_hash;
    study.attributes["source_record"] = source_.folder;
    works_.write_to(study);
    works_.write_files(context_);
    write_record(context_.output_folder + "/study.h5", study);
    works_.forget(context_.output_folder);
    std::error_code ignored;
    std::filesystem::remove(context_.output_folder + "/checkpoints", ignored);
    fmt::print("{}record: {}\n", works_.table(), context_.output_folder + "/study.h5");
    std::fflush(stdout);
  }

  const StudyHeader& header_;
  const RecordedStudy& source_;
  const std::string& resolved_;
  const StudyContext& context_;
  bool apart_;
  Teams teams_;
  DataSet<Real> data_;
  LandscapeWorks<Real> works_;
};

}  // namespace

void require_landscape_table(const Settings& settings, const StudyHeader& header) {
  if (!settings.tables(header.kind).empty()) return;
  settings.table("study").fail(
      "kind", fmt::format("found \"{}\", but there is no [[{}]]", header.kind, header.kind));
}

LandscapeSource read_landscape_source(const Settings& settings, const StudyHeader& header,
                                      const StudyContext& context) {
  const Settings from = settings.table("from");
  const auto folder = from.string("record", "");
  if (folder.empty()) from.fail("record", "expected the folder of a finished study");
  const std::string output =
      context.output_folder.empty() ? "results/" + header.name : context.output_folder;
  if (lies_within(folder, output)) {
    from.fail("record",
              fmt::format("found {}, which lies in the output folder {}", folder, output));
  }
  RecordedStudy study = open_recorded_study(context.world, folder);
  LandscapeSpecs plans =
      read_landscape_specs(settings, study.runs, static_cast<std::uint64_t>(header.seed));
  return {std::move(study), std::move(plans)};
}

StudyBody prepare_landscape_study(const Settings& settings, const StudyHeader& header,
                                  StudyContext& context) {
  require_landscape_table(settings, header);
  if (!settings.has("from")) return prepare_trajectory_study(settings, header, context);
  const LandscapeSource landscape = read_landscape_source(settings, header, context);
  context.probe_forecast = audit_forecast(landscape.plans.audits);
  return [settings, header, landscape, &context](StudyStart /*start*/) {
    const std::string resolved = recorded_configuration(settings);
    const auto& [source, plans] = landscape;
    return source.wide ? LandscapeStudy<double>(header, source, plans, resolved, context).run()
                       : LandscapeStudy<float>(header, source, plans, resolved, context).run();
  };
}

}  // namespace thalweg
