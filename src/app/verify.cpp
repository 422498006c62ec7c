#include "records/verify.hpp"

#include <fmt/format.h>

#include <cstdio>
#include <memory>

#include "app/command_line.hpp"

namespace thalweg {

void add_verify(CLI::App& app, const Session& session, Action& action) {
  auto path = std::make_shared<std::string>();
  CLI::App* verify =
      app.add_subcommand("verify", "Check that a record is complete and unbroken; exit 3 if not");
  verify->add_option("RECORD", *path, "A study's folder or one file")
      ->required()
      ->check(CLI::ExistingPath);
  verify->footer(
      "Examples:\n  thalweg verify results/large_batch\n  thalweg verify results/a/gram.h5");
  verify->callback([&session, &action, path] {
    action = [&session, path] {
      return on_root(session.world, [&] {
        const auto faults = verify_record(*path);
        for (const auto& fault : faults) fmt::print("{}\n", fault);
        fmt::print("{}\n", faults.empty() ? fmt::format("{}: complete and unbroken", *path)
                                          : fmt::format("{}: {} faults", *path, faults.size()));
        std::fflush(stdout);
        return faults.empty() ? ExitCode::done : ExitCode::verification;
      });
    };
  });
}

}  // namespace thalweg
