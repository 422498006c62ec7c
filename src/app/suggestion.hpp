#pragma once

#include <CLI/CLI.hpp>
#include <string>
#include <vector>

namespace thalweg {

/// What is wrong with the first argument that names no command of `app`, or no flag of the command
/// given, with the nearest there is: "unknown flag '--dry-rn'; did you mean '--dry-run'?"; empty
/// where all names are known. Local.
[[nodiscard]] std::string unknown_name(const CLI::App& app,
                                       const std::vector<std::string>& arguments);

}  // namespace thalweg
