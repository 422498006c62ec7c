#pragma once

#include <cstdint>
#include <functional>
#include <limits>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "base/error.hpp"
#include "base/log.hpp"
#include "parallel/communicator.hpp"
#include "parallel/interrupt.hpp"
#include "records/begun_file.hpp"
#include "records/provenance.hpp"
#include "records/record.hpp"
#include "settings/settings.hpp"

namespace thalweg {

/// What a study needs beside its settings; made by the command line.
struct StudyContext {
  const Communicator& world;
  const Log& log;
  Provenance provenance;
  std::string study_file;
  std::string study_text;     ///< the configuration as given
  std::string output_folder;  ///< empty: results/NAME
  bool resume = false;
  bool force = false;
  bool dry_run = false;
  std::size_t columns = 80;     ///< that printed tables may take
  bool mixed_machines = false;  ///< ranks, or the beginning, may be on machines of other bits
  double time_limit_s = std::numeric_limits<double>::infinity();
  Stopwatch started;
  std::string study_folder = {};  ///< of the whole study, where parts have folders of their own
  BegunFacts machine = {};        ///< of all ranks, where these are held against each other

  /// What to say of a study that was stopped: the command that goes on with it. Local.
  [[nodiscard]] std::string how_to_resume() const;
  /// What the kind's `prepare` foretells of its probes, a line each: a dry run prints them.
  std::vector<std::string> probe_forecast = {};

  /// Was this process told to stop, or is its time over? Local: ranks agree on it where they must
  /// stop together.
  [[nodiscard]] bool time_to_stop() const {
    return Interrupt::requested() || started.elapsed_s() > time_limit_s;
  }
};

/// What [study] says.
struct StudyHeader {
  std::string name;
  std::string kind;
  std::int64_t seed = 0;
  std::int64_t team_size = 0;  ///< ranks that compute one run together; 0: the kind decides
};

/// How the output folder was found.
enum class StudyStart : int {
  fresh,    ///< nothing is there but config.toml
  resumed,  ///< work of the same configuration is there, whole or in part
};

/// The work of a study, once its settings were read. Collective over the context's world.
using StudyBody = std::function<ExitCode(StudyStart start)>;

/// A kind of study. `prepare` reads every setting and checks it, on all ranks alike and without
/// communication, and returns the work; an unknown key is found between the two, before anything is
/// written.
struct StudyKind {
  std::string name;
  std::string description;
  std::function<StudyBody(const Settings& settings, const StudyHeader& header,
                          StudyContext& context)>
      prepare;
};

/// Reads [study] (name, kind, seed, team_size). Local. Throws ConfigurationError.
StudyHeader read_study_header(const Settings& settings, const std::string& study_file);

/// Throws ConfigurationError where a team is to be larger than there are ranks. Local.
void check_team_size(const Settings& settings, const StudyHeader& header, std::int64_t ranks);

/// The resolved configuration as records keep it: without team_size, which says how a study was
/// computed and never what. Local.
std::string recorded_configuration(const Settings& settings);

/// What the root of every study.h5 says of the study and of how it was made; keeps attributes that
/// are there. Local.
void add_study_attributes(Record& record, const StudyHeader& header, const StudyContext& context,
                          const std::string& resolved);

/// Runs a study of one of these kinds: reads its settings, makes or checks the output folder (its
/// name is put into the context), keeps the resolved configuration there as config.toml and does
/// the work. With dry_run it prints what would be done and writes nothing. Collective over world.
/// Throws ReportedError with the code of bad input.
ExitCode run_study(const std::vector<StudyKind>& kinds, const Settings& settings,
                   StudyContext& context);

}  // namespace thalweg
