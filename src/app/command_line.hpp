#pragma once

#include <CLI/CLI.hpp>

#include "app/session.hpp"

namespace thalweg {

// Each adds its subcommand to `app`; when the parser meets it, `action` becomes its work.
void add_run(CLI::App& app, const Session& session, Action& action);
void add_plan(CLI::App& app, const Session& session, Action& action);
void add_probe(CLI::App& app, const Session& session, Action& action);
void add_weights(CLI::App& app, const Session& session, Action& action);
void add_list(CLI::App& app, const Session& session, Action& action);
void add_explain(CLI::App& app, const Session& session, Action& action);
void add_show(CLI::App& app, const Session& session, Action& action);
void add_diff(CLI::App& app, const Session& session, Action& action);
void add_verify(CLI::App& app, const Session& session, Action& action);
void add_merge(CLI::App& app, const Session& session, Action& action);

/// Adds --mixed-machines, which sets `insist`.
void add_mixed_machines(CLI::App& command, bool& insist);

/// Parses the arguments and does what they say. Collective over the session's world.
ExitCode run_command_line(const Session& session, int argc, char** argv);

/// Seconds from "90", "MM:SS", "HH:MM:SS" or "D-HH:MM:SS"; throws ConfigurationError.
double parse_time_limit(const std::string& text);

/// A whole file. Local. Throws ConfigurationError naming it.
std::string read_text_file(const std::string& path);

}  // namespace thalweg
