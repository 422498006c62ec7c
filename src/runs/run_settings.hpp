#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "models/model.hpp"
#include "objectives/analytic/objective_settings.hpp"
#include "objectives/network/network_loss.hpp"
#include "optimizers/options.hpp"
#include "optimizers/schedule.hpp"
#include "runs/probe_cadence.hpp"
#include "runs/train_settings.hpp"
#include "settings/settings.hpp"

namespace thalweg {

/// Everything that decides one trajectory.
struct RunSpec {
  std::string name;
  std::string group;        ///< runs that differ in their seed alone
  std::string plain_group;  ///< the group in a form that names files
  std::string family;       ///< the group but for a batch size that was swept over
  std::uint64_t seed = 0;
  /// Where the run stands in the sweep: the values of the keys swept over in words, "seeds" among
  /// them, and under "run" the name of its [[run]].
  std::map<std::string, std::string> swept;
  TrainOptions train;
  std::optional<ObjectiveSpec> objective;  ///< none: the loss of the model on the data
  ModelOptions model;
  OptimizerOptions optimizer;
  double learning_rate = 0.1;  ///< what the schedule scales and shapes
  ScheduleOptions schedule;
  std::vector<ProbeSpec> probes;
};

/// The learning rates and batches of a run with so many training samples, those held out among
/// them. Local. Throws ConfigurationError.
Schedule schedule_of(const RunSpec& plan, std::int64_t samples);

/// Reads [model], [train], [optimizer], [schedule], [[run]], [sweep] and [[probe]] of a study:
/// every [[run]] with every combination of the values swept over, and each of these with every
/// seed. Throws ConfigurationError.
std::vector<RunSpec> read_run_specs(const Settings& settings, std::uint64_t study_seed);
/// The run of this name, which is there. Local.
const RunSpec& run_named(const std::vector<RunSpec>& runs, const std::string& name);
/// Does the probe need samples that do not mix, where batch norm in the run would mix them? Local.
[[nodiscard]] bool mixes_what_it_needs_separate(const RunSpec& run, const ProbeSpec& probe);

}  // namespace thalweg
