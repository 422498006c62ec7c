#include <limits>
#include <memory>

#include "app/command_line.hpp"
#include "base/blas_setup.hpp"
#include "studies/trajectories/stored_probes.hpp"

namespace thalweg {

namespace {

struct ProbeOptions {
  ProbeRequest request;
  std::string output;
  bool resume = false;
  bool force = false;
  bool mixed_machines = false;
  std::string time_limit;
};

ExitCode probe(const Session& session, const ProbeOptions& options) {
  const Stopwatch started;
  double time_limit_s = std::numeric_limits<double>::infinity();
  collectively(session.world, [&] {
    if (!options.time_limit.empty()) time_limit_s = parse_time_limit(options.time_limit);
  });
  const std::string slow = blas_core_warning(session.environment.get("OPENBLAS_CORETYPE"));
  if (!slow.empty()) session.log.warn(slow);
  StudyContext context{.world = session.world,
                       .log = session.log,
                       .provenance = make_provenance(session),
                       .study_file = {},
                       .study_text = {},
                       .output_folder = options.output,
                       .resume = options.resume,
                       .force = options.force,
                       .mixed_machines = options.mixed_machines,
                       .time_limit_s = time_limit_s,
                       .started = started};
  return probe_record(options.request, context);
}

}  // namespace

void add_probe(CLI::App& app, const Session& session, Action& action) {
  auto options = std::make_shared<ProbeOptions>();
  auto& request = options->request;
  CLI::App* command =
      app.add_subcommand("probe", "Measure more at the stored points of a finished study's runs");
  command->add_option("RECORD", request.folder, "The study's folder")->required();
  command
      ->add_option("--probe", request.probes,
                   "TYPE or TYPE:key=value,key=value with the keys of a [[probe]] table; several "
                   "probes by several --probe")
      ->required()
      ->allow_extra_args(false);
  command
      ->add_option("--run", request.runs, "Name of a run; several by several --run (default all)")
      ->allow_extra_args(false);
  command->add_option(
      "--at", request.at,
      "final (default), the step of a snapshot, or all: every snapshot and the end");
  command->add_option("-o,--output", options->output,
                      "Folder of the files RUN-PROBE.h5 (default RECORD/probes)");
  auto* resume = command->add_flag("--resume", options->resume,
                                   "Keep files that answer the same question, make the others");
  auto* force = command->add_flag("--force", options->force, "Replace files that are there");
  resume->excludes(force);
  add_mixed_machines(*command, options->mixed_machines);
  command->add_option("--time-limit", options->time_limit,
                      "Exit 75 before this much time is over: seconds or HH:MM:SS");
  command->footer(
      "Examples:\n"
      "  thalweg probe results/a --probe trace:vectors=50\n"
      "  mpirun -n 4 thalweg probe results/a --run small-seed1 --at all\n"
      "      --probe sharpness:samples=1000,epsilon=5e-4,name=wide --probe spectral_density\n"
      "`thalweg list probes` names the types.");
  command->callback([&session, &action, options] {
    action = [&session, options] { return probe(session, *options); };
  });
}

}  // namespace thalweg
