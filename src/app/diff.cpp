#include "records/diff.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <memory>

#include "app/command_line.hpp"

namespace thalweg {

namespace {

void print_kind(const std::vector<Difference>& all, Difference::Kind kind, const char* title) {
  bool first = true;
  for (const auto& difference : all) {
    if (difference.kind != kind) continue;
    if (first) fmt::print("{}\n", title);
    first = false;
    const std::string colon = difference.file.empty() || difference.path.empty() ? "" : ":";
    fmt::print("  {}{}{}  {}\n", difference.file, colon, difference.path, difference.what);
  }
}

}  // namespace

void add_diff(CLI::App& app, const Session& session, Action& action) {
  struct Paths {
    std::string a;
    std::string b;
  };
  auto paths = std::make_shared<Paths>();
  CLI::App* diff =
      app.add_subcommand("diff", "Compare two records bit by bit; exit 3 if they differ");
  diff->add_option("A", paths->a, "A study's folder or one file")->required();
  diff->add_option("B", paths->b, "The same of the other")->required();
  diff->footer(
      "Timings and provenance are listed apart and are no difference.\n"
      "Examples:\n  thalweg diff results/one_rank results/four_ranks\n"
      "  thalweg diff a/runs/small.h5 b/runs/small.h5");
  diff->callback([&session, &action, paths] {
    action = [&session, paths] {
      return on_root(session.world, [&] {
        const auto differences = diff_records(paths->a, paths->b);
        print_kind(differences, Difference::Kind::content, "different:");
        print_kind(differences, Difference::Kind::timing, "timings (not counted):");
        print_kind(differences, Difference::Kind::provenance, "provenance (not counted):");
        const bool differ = differ_in_content(differences);
        fmt::print("{}\n", differ ? "the records differ" : "the records are the same");
        std::fflush(stdout);
        return differ ? ExitCode::verification : ExitCode::done;
      });
    };
  });
}

}  // namespace thalweg
