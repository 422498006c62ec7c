#include <fmt/format.h>

#include <limits>
#include <memory>

#include "app/allocation.hpp"
#include "app/command_line.hpp"
#include "base/blas_setup.hpp"
#include "studies/study_kinds.hpp"

namespace thalweg {

namespace {

struct RunOptions {
  std::vector<std::string> studies;
  std::string output;
  std::vector<std::string> overrides;
  bool resume = false;
  bool force = false;
  bool dry_run = false;
  bool mixed_machines = false;
  std::string time_limit;
};

ExitCode run_one(const Session& session, const RunOptions& options, const std::string& file,
                 double time_limit_s, const Stopwatch& started, const Provenance& provenance) {
  std::string text;
  collectively(session.world, [&] {
    if (session.world.is_root()) text = read_text_file(file);
  });
  text = session.world.broadcast(text);
  std::unique_ptr<Settings> settings;
  std::string name;
  collectively(session.world, [&] {
    settings = std::make_unique<Settings>(Settings::parse(text, file, options.overrides));
    name = read_study_header(*settings, file).name;
  });
  std::string folder = options.output;
  if (!folder.empty() && options.studies.size() > 1) folder = fmt::format("{}/{}", folder, name);
  StudyContext context{.world = session.world,
                       .log = session.log,
                       .provenance = provenance,
                       .study_file = file,
                       .study_text = text,
                       .output_folder = folder,
                       .resume = options.resume,
                       .force = options.force,
                       .dry_run = options.dry_run,
                       .columns = text_columns(session),
                       .mixed_machines = options.mixed_machines,
                       .time_limit_s = time_limit_s,
                       .started = started};
  return run_study(*settings, context);
}

ExitCode run_all(const Session& session, const RunOptions& options) {
  const Stopwatch started;
  double time_limit_s = std::numeric_limits<double>::infinity();
  collectively(session.world, [&] {
    if (!options.time_limit.empty()) time_limit_s = parse_time_limit(options.time_limit);
  });
  const std::string slow = blas_core_warning(session.environment.get("OPENBLAS_CORETYPE"));
  if (!slow.empty()) session.log.warn(slow);
  const Provenance provenance = make_provenance(session);
  collectively(session.world, [&] {
    if (!session.world.is_root()) return;
    for (const auto& warning :
         check_allocation(session.environment, session.world.size(), provenance.threads)) {
      session.log.warn(warning);
    }
  });
  for (const auto& file : options.studies) {
    const ExitCode code = run_one(session, options, file, time_limit_s, started, provenance);
    if (code != ExitCode::done) return code;
  }
  return ExitCode::done;
}

}  // namespace

void add_run(CLI::App& app, const Session& session, Action& action) {
  auto options = std::make_shared<RunOptions>();
  CLI::App* run = app.add_subcommand("run", "Run studies and leave their records behind");
  run->add_option("STUDY.toml", options->studies, "Study files, run one after the other")
      ->required();
  run->add_option(
      "-o,--output", options->output,
      "Output folder (default results/NAME); with several studies, the folder of their folders");
  run->add_option(
         "--set", options->overrides,
         "A setting over the file's, a.b=value; run.0.batch=8 reaches into the first [[run]]")
      ->allow_extra_args(false);
  auto* resume =
      run->add_flag("--resume", options->resume,
                    "Continue what was interrupted; starts anew where nothing is there yet");
  auto* force = run->add_flag("--force", options->force, "Replace the record in the output folder");
  resume->excludes(force);
  run->add_flag("--dry-run", options->dry_run,
                "Read and check everything, print it, write nothing");
  add_mixed_machines(*run, options->mixed_machines);
  run->add_option("--time-limit", options->time_limit,
                  "Checkpoint and exit 75 before this much time is over: seconds or HH:MM:SS");
  run->footer(
      "Examples:\n"
      "  thalweg run study.toml --dry-run\n"
      "  mpirun -n 4 thalweg run study.toml -o results/a --set optimizer.learning_rate=0.05\n"
      "  srun --mpi=pmix thalweg run study.toml -o results/a --resume --time-limit 03:50:00");
  run->callback([&session, &action, options] {
    action = [&session, options] { return run_all(session, *options); };
  });
}

}  // namespace thalweg
