#pragma once

#include <functional>
#include <string>
#include <vector>

#include "app/environment.hpp"
#include "base/error.hpp"
#include "base/log.hpp"
#include "parallel/communicator.hpp"
#include "records/provenance.hpp"

namespace thalweg {

/// What every subcommand gets.
struct Session {
  const Communicator& world;
  const Log& log;  ///< speaks on rank 0 only
  const Environment& environment;
  std::vector<std::string> arguments;  ///< argv as given
};

/// A subcommand's work, chosen by the parser. Collective over the session's world.
using Action = std::function<ExitCode()>;

/// Who made a record, where and with what. Collective.
Provenance make_provenance(const Session& session);

/// Text of --version. Local.
std::string version_text();

/// Collective. Runs `action` on rank 0 alone; every rank returns its code, or throws ReportedError
/// where it threw.
ExitCode on_root(const Communicator& world, const std::function<ExitCode()>& action);

/// Columns that text on stdout has: the terminal's, or what the variable COLUMNS says. Local.
[[nodiscard]] std::size_t text_columns(const Session& session);

}  // namespace thalweg
