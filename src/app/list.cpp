#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <memory>

#include "app/command_line.hpp"
#include "app/key_json.hpp"
#include "app/key_text.hpp"
#include "base/terminal.hpp"
#include "settings/node.hpp"
#include "studies/catalogue.hpp"

namespace thalweg {

namespace {

struct ListOptions {
  std::string category;
  bool json = false;
  bool schema = false;
  bool markdown = false;
};

std::string category_text(const CatalogueCategory& category, std::size_t columns) {
  std::string text = category.name + "\n";
  std::size_t width = 0;
  if (category.entries.empty()) text += "  (none)\n";
  for (const auto& entry : category.entries) width = std::max(width, entry.name.size());
  for (const auto& entry : category.entries) {
    text += wrapped(fmt::format("  {:<{}}  {}", entry.name, width, entry.description), columns,
                    width + 4) +
            "\n";
  }
  return text;
}

std::string listed(const ListOptions& options, std::size_t columns) {
  if (options.schema) return study_schema() + "\n";
  if (options.json) return catalogue_json(options.category) + "\n";
  if (options.category == "keys") {
    return options.markdown ? keys_markdown() : keys_text(columns);
  }
  std::string text;
  for (const auto& category : catalogue()) {
    if (options.category.empty() || category.name == options.category) {
      text += category_text(category, columns);
    }
  }
  return text;
}

}  // namespace

void add_list(CLI::App& app, const Session& session, Action& action) {
  auto options = std::make_shared<ListOptions>();
  std::vector<std::string> names;
  for (const auto& category : catalogue()) names.push_back(category.name);
  names.emplace_back("keys");
  CLI::App* list = app.add_subcommand("list", "List what a study file can name");
  auto* category = list->add_option("CATEGORY", options->category,
                                    "One category only, or keys: what study files may say");
  category->check([names](const std::string& name) {
    if (std::find(names.begin(), names.end(), name) != names.end()) return std::string();
    return fmt::format("'{}' is no category{} (there are: {})", name, did_you_mean(name, names),
                       joined(names));
  });
  auto* json = list->add_flag("--json", options->json, "As JSON");
  auto* schema = list->add_flag("--schema", options->schema,
                                "A JSON Schema of study files, for an editor that checks them");
  auto* markdown = list->add_flag("--markdown", options->markdown, "keys as a Markdown page");
  schema->excludes(json)->excludes(category);
  markdown->excludes(json)->excludes(schema)->needs(category);
  list->footer(
      "Examples:\n  thalweg list\n  thalweg list optimizers\n  thalweg list keys\n"
      "  thalweg list --schema > thalweg.schema.json");
  list->callback([&session, &action, options] {
    action = [&session, options] {
      return on_root(session.world, [&] {
        if (options->markdown && options->category != "keys") {
          throw ConfigurationError("--markdown is for keys: thalweg list keys --markdown");
        }
        fmt::print("{}", listed(*options, text_columns(session)));
        std::fflush(stdout);
        return ExitCode::done;
      });
    };
  });
}

}  // namespace thalweg
