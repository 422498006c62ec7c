#pragma once

#include <stdexcept>
#include <string>

namespace thalweg {

/// What the process returns; scripts and job managers rely on these numbers.
enum class ExitCode : int {
  done = 0,
  failed = 1,
  usage = 2,          ///< usage or configuration
  verification = 3,   ///< a verification failed, or two records differ
  checkpointed = 75,  ///< run again with --resume
};

/// An error with a message for the user and the exit code it leads to.
class Error : public std::runtime_error {
 public:
  explicit Error(const std::string& message, ExitCode code = ExitCode::failed)
      : std::runtime_error(message), code_(code) {}
  [[nodiscard]] ExitCode code() const noexcept { return code_; }

 private:
  ExitCode code_;
};

/// Bad input: a study file, a key, a data file, an option.
class ConfigurationError : public Error {
 public:
  explicit ConfigurationError(const std::string& message) : Error(message, ExitCode::usage) {}
};

/// Thrown on every rank of a communicator after one of them has printed the cause. main only
/// returns its code where those were all ranks; where they were a team, it ends the other teams.
class ReportedError : public Error {
 public:
  explicit ReportedError(ExitCode code, int ranks)
      : Error("already reported", code), ranks_(ranks) {}
  /// How many ranks threw it together.
  [[nodiscard]] int ranks() const noexcept { return ranks_; }

 private:
  int ranks_;
};

}  // namespace thalweg
