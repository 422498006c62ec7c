#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "models/model.hpp"
#include "objectives/network/network_loss.hpp"
#include "optimizers/options.hpp"
#include "optimizers/schedule.hpp"
#include "runs/probe_plan.hpp"
#include "runs/train_settings.hpp"
#include "settings/settings.hpp"

namespace thalweg {

/// Everything that decides one trajectory.
struct RunPlan {
  std::string name;
  std::string group;        ///< runs that differ in their seed alone
  std::string plain_group;  ///< the group in a form that names files
  std::string family;       ///< the group but for a batch size that was swept over
  std::uint64_t seed = 0;
  /// Where the run stands in the sweep: the values of the keys swept over in words, "seeds" among
  /// them, and under "run" the name of its [[run]].
  std::map<std::string, std::string> swept;
  TrainOptions train;
  ModelOptions model;
  OptimizerOptions optimizer;
  double learning_rate = 0.1;  ///< what the schedule scales and shapes
  ScheduleOptions schedule;
  std::vector<ProbePlan> probes;
};

/// The slice between the minima of two runs (or of each pair of two groups' runs with the same
/// seed).
struct SlicePlan {
  std::string name;
  std::string from;  ///< α = 0
  std::string to;    ///< α = 1
  std::int64_t points = 25;
  double low = -1.0;
  double high = 2.0;
};

/// The learning rates and batches of a run with so many training samples, those held out among
/// them. Local. Throws ConfigurationError.
Schedule schedule_of(const RunPlan& plan, std::int64_t samples);

/// Reads [model], [train], [optimizer], [schedule], [[run]], [sweep] and [[probe]] of a study:
/// every [[run]] with every combination of the values swept over, and each of these with every
/// seed. Throws ConfigurationError.
std::vector<RunPlan> read_run_plans(const Settings& settings, std::uint64_t study_seed);
/// The run of this name, which is there. Local.
const RunPlan& run_named(const std::vector<RunPlan>& runs, const std::string& name);
/// Reads [[slice]]; each names two groups or runs of `runs`, and becomes one slice a shared seed.
std::vector<SlicePlan> read_slice_plans(const Settings& settings, const std::vector<RunPlan>& runs);
/// Does the probe need samples that do not mix, where batch norm in the run would mix them? Local.
[[nodiscard]] bool mixes_what_it_needs_separate(const RunPlan& run, const ProbePlan& probe);

}  // namespace thalweg
