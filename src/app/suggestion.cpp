#include "app/suggestion.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "settings/node.hpp"

namespace thalweg {

namespace {

/// "--name" and "-n" of every option of a command.
std::vector<std::string> flags_of(const CLI::App& command) {
  std::vector<std::string> names;
  for (const auto* option : command.get_options()) {
    for (const auto& name : option->get_lnames()) names.push_back("--" + name);
    for (const auto& name : option->get_snames()) names.push_back("-" + name);
  }
  return names;
}

bool is_number(const std::string& text) {
  return text.size() > 1 && text.find_first_not_of("0123456789.eE+-") == std::string::npos;
}

/// Short flags may carry their value: "-oDIR".
bool is_flag_of(const std::string& name, const std::vector<std::string>& known) {
  return std::any_of(known.begin(), known.end(), [&](const std::string& flag) {
    return name == flag || (flag.size() == 2 && name.starts_with(flag));
  });
}

}  // namespace

std::string unknown_name(const CLI::App& app, const std::vector<std::string>& arguments) {
  const CLI::App* command = &app;
  for (std::size_t i = 1; i < arguments.size(); ++i) {
    const std::string name = arguments[i].substr(0, arguments[i].find('='));
    if (name == "--") break;
    if (name.starts_with("-")) {
      const auto known = flags_of(*command);
      if (name == "-" || is_number(name) || is_flag_of(name, known)) continue;
      // Any two flags of one letter are alike.
      return fmt::format("unknown flag '{}'{}", name,
                         name.starts_with("--") ? did_you_mean(name, known) : std::string());
    }
    if (command != &app) continue;
    std::vector<std::string> commands;
    for (const auto* one : app.get_subcommands([](const CLI::App*) { return true; })) {
      commands.push_back(one->get_name());
      if (one->get_name() == arguments[i]) command = one;
    }
    if (command == &app) {
      return fmt::format("unknown command '{}'{}", arguments[i],
                         did_you_mean(arguments[i], commands));
    }
  }
  return {};
}

}  // namespace thalweg
