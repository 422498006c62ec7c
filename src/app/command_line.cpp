#include "app/command_line.hpp"

#include <iostream>
#include <sstream>

namespace thalweg {

void add_mixed_machines(CLI::App& command, bool& insist) {
  command.add_flag(
      "--mixed-machines", insist,
      "Compute although ranks, or a resume, differ in what bits depend on (build, BLAS "
      "core type, CPU features); the record states it");
}

ExitCode run_command_line(const Session& session, int argc, char** argv) {
  CLI::App app{
      "thalweg: trajectories of optimisers, the kernels of infinitely wide networks, and the "
      "geometry "
      "around them, on any number of MPI ranks with the same numbers.",
      "thalweg"};
  app.set_version_flag("--version", [] { return version_text(); });
  app.require_subcommand(1);
  app.footer(
      "Examples:\n"
      "  thalweg run jobs/large_batch/study.toml -o results/large_batch\n"
      "  mpirun -n 4 thalweg run study.toml --set train.batch=512 --resume\n"
      "  thalweg show results/large_batch\n"
      "Exit codes: 0 done, 1 failed, 2 usage or configuration, 3 a verification failed or records "
      "differ,\n"
      "75 checkpointed: run again with --resume.");
  Action action;
  add_run(app, session, action);
  add_plan(app, session, action);
  add_probe(app, session, action);
  add_weights(app, session, action);
  add_list(app, session, action);
  add_show(app, session, action);
  add_diff(app, session, action);
  add_verify(app, session, action);
  add_merge(app, session, action);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    // All ranks see the same arguments and come to the same end; one of them says so.
    std::ostringstream silence;
    const bool speaks = session.world.is_root();
    const int code = app.exit(error, speaks ? std::cout : silence, speaks ? std::cerr : silence);
    std::cout.flush();
    return code == 0 ? ExitCode::done : ExitCode::usage;
  }
  return action();
}

}  // namespace thalweg
