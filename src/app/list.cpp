#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <memory>

#include "app/command_line.hpp"
#include "base/terminal.hpp"
#include "settings/node.hpp"
#include "studies/catalogue.hpp"

namespace thalweg {

namespace {

void print_category(const CatalogueCategory& category, std::size_t columns) {
  fmt::print("{}\n", category.name);
  std::size_t width = 0;
  if (category.entries.empty()) fmt::print("  (none)\n");
  for (const auto& entry : category.entries) width = std::max(width, entry.name.size());
  for (const auto& entry : category.entries) {
    fmt::print("{}\n", wrapped(fmt::format("  {:<{}}  {}", entry.name, width, entry.description),
                               columns, width + 4));
  }
}

}  // namespace

void add_list(CLI::App& app, const Session& session, Action& action) {
  auto chosen = std::make_shared<std::string>();
  std::vector<std::string> names;
  for (const auto& category : catalogue()) names.push_back(category.name);
  CLI::App* list = app.add_subcommand("list", "List what a study file can name");
  list->add_option("CATEGORY", *chosen, "One category only")
      ->check([names](const std::string& name) {
        if (std::find(names.begin(), names.end(), name) != names.end()) return std::string();
        return fmt::format("'{}' is no category{} (there are: {})", name, did_you_mean(name, names),
                           joined(names));
      });
  list->footer("Examples:\n  thalweg list\n  thalweg list optimizers");
  list->callback([&session, &action, chosen] {
    action = [&session, chosen] {
      return on_root(session.world, [&] {
        for (const auto& category : catalogue()) {
          if (chosen->empty() || category.name == *chosen)
            print_category(category, text_columns(session));
        }
        std::fflush(stdout);
        return ExitCode::done;
      });
    };
  });
}

}  // namespace thalweg
