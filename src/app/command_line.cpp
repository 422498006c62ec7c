#include "app/command_line.hpp"

#include <iostream>
#include <sstream>

#include "app/suggestion.hpp"
#include "base/terminal.hpp"

namespace thalweg {

void add_mixed_machines(CLI::App& command, bool& insist) {
  command.add_flag(
      "--mixed-machines", insist,
      "Compute although ranks, or a resume, differ in what bits depend on (build, BLAS "
      "core type, CPU features); the record states it");
}

namespace {

/// Help, no wider than the terminal: what an option means stands in its own column.
std::string fitted(const std::string& help, std::size_t columns) {
  constexpr std::size_t meanings = 30;
  std::string text;
  std::istringstream lines(help);
  for (std::string line; std::getline(lines, line);) {
    const bool has_meaning = line.size() > meanings && line.substr(meanings - 2, 2) == "  ";
    text += wrapped(line, columns, has_meaning ? meanings : 0) + '\n';
  }
  return text;
}

}  // namespace

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
      "differ, "
      "75 checkpointed: run again with --resume.");
  Action action;
  add_run(app, session, action);
  add_plan(app, session, action);
  add_probe(app, session, action);
  add_weights(app, session, action);
  add_list(app, session, action);
  add_explain(app, session, action);
  add_show(app, session, action);
  add_diff(app, session, action);
  add_verify(app, session, action);
  add_merge(app, session, action);
  // All ranks see the same arguments and come to the same end; one of them says so.
  const bool speaks = session.world.is_root();
  if (argc == 1) {
    if (speaks) std::cout << fitted(app.help(), text_columns(session)) << std::flush;
    return ExitCode::done;
  }
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    const std::string unknown =
        error.get_exit_code() == 0 ? std::string() : unknown_name(app, session.arguments);
    if (!unknown.empty()) {
      if (speaks) std::cerr << unknown << "\nRun with --help for more information.\n";
      return ExitCode::usage;
    }
    std::ostringstream out;
    std::ostringstream complaint;
    const int code = app.exit(error, out, complaint);
    if (speaks) {
      std::cout << fitted(out.str(), text_columns(session)) << std::flush;
      std::cerr << complaint.str();
    }
    return code == 0 ? ExitCode::done : ExitCode::usage;
  }
  return action();
}

}  // namespace thalweg
