#include <fmt/format.h>

#include <cstdio>
#include <memory>

#include "app/command_line.hpp"
#include "app/key_text.hpp"

namespace thalweg {

void add_explain(CLI::App& app, const Session& session, Action& action) {
  auto name = std::make_shared<std::string>();
  CLI::App* explain = app.add_subcommand("explain", "Say what a key of a study file means");
  explain
      ->add_option("NAME", *name, "A key, or a type of a table: optimizer.momentum, optimizer.adam")
      ->required();
  explain->footer(
      "Examples:\n  thalweg explain train.evaluate_every\n  thalweg explain momentum\n"
      "  thalweg explain probe.sharpness");
  explain->callback([&session, &action, name] {
    action = [&session, name] {
      return on_root(session.world, [&] {
        fmt::print("{}", explanation(*name, text_columns(session)));
        std::fflush(stdout);
        return ExitCode::done;
      });
    };
  });
}

}  // namespace thalweg
