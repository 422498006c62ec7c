#include "studies/merge.hpp"

#include <memory>

#include "app/command_line.hpp"

namespace thalweg {

namespace {

struct MergeOptions {
  std::vector<std::string> folders;
  std::string output;
  bool resume = false;
  bool force = false;
  bool mixed_machines = false;
};

}  // namespace

void add_merge(CLI::App& app, const Session& session, Action& action) {
  auto options = std::make_shared<MergeOptions>();
  CLI::App* merge = app.add_subcommand("merge", "Put the records of a job array into one study");
  merge->add_option("DIR", options->folders, "Folders of the parts")
      ->required()
      ->check(CLI::ExistingDirectory);
  merge->add_option("-o,--output", options->output, "Folder of the whole study")->required();
  auto* resume = merge->add_flag("--resume", options->resume, "Continue what was interrupted");
  auto* force =
      merge->add_flag("--force", options->force, "Replace the record in the output folder");
  resume->excludes(force);
  add_mixed_machines(*merge, options->mixed_machines);
  merge->footer(
      "Parts are made by `thalweg run STUDY.toml --set study.part=K/N -o DIR` for K = 1 … N, or "
      "by\n"
      "`--set sweep.seeds=[S]` for each seed. What needs all runs (slices, surfaces, correlation)\n"
      "is computed here. The record equals, by `thalweg diff`, that of the study in one piece.\n"
      "Examples:\n  thalweg merge parts/1 parts/2 parts/3 -o results/whole\n"
      "  mpirun -n 4 thalweg merge parts/* -o results/whole --resume");
  merge->callback([&session, &action, options] {
    action = [&session, options] {
      StudyContext context{.world = session.world,
                           .log = session.log,
                           .provenance = make_provenance(session),
                           .study_file = {},
                           .study_text = {},
                           .output_folder = options->output,
                           .resume = options->resume,
                           .force = options->force,
                           .columns = text_columns(session),
                           .mixed_machines = options->mixed_machines,
                           .started = {}};
      return merge_studies(options->folders, context);
    };
  });
}

}  // namespace thalweg
