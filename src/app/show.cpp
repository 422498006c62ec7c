#include "app/show.hpp"

#include <fmt/format.h>

#include <cstdio>
#include <memory>

#include "app/command_line.hpp"

namespace thalweg {

void add_show(CLI::App& app, const Session& session, Action& action) {
  struct Options {
    std::string path;
    bool json = false;
  };
  auto options = std::make_shared<Options>();
  CLI::App* show = app.add_subcommand("show", "Say what is in a record, finished or not");
  show->add_option("RECORD", options->path, "A study's folder, a .h5 file or a checkpoint")
      ->required()
      ->check(CLI::ExistingPath);
  show->add_flag("--json", options->json, "The same for a program");
  show->footer(
      "Examples:\n  thalweg show results/large_batch\n"
      "  thalweg show results/large_batch/runs/small_batch-seed1.h5 --json | jq .attributes.seed");
  show->callback([&session, &action, options] {
    action = [&session, options] {
      return on_root(session.world, [&] {
        fmt::print("{}", options->json ? show_json(options->path) : show_text(options->path));
        std::fflush(stdout);
        return ExitCode::done;
      });
    };
  });
}

}  // namespace thalweg
