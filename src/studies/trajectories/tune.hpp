#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "records/record.hpp"
#include "runs/run_settings.hpp"

namespace thalweg {

enum class TuneCriterion : int {
  validation_accuracy,
  validation_loss,
  train_loss,
  steps_to_target
};

/// What [tune] says: a grid of learning rates, tried out in short runs of their own.
struct TuneOptions {
  std::vector<double> factors;         ///< of the runs' own learning rate, ascending
  std::vector<double> learning_rates;  ///< in place of factors, ascending
  TuneCriterion criterion = TuneCriterion::validation_accuracy;
  double validation = 0.0;  ///< share of the training samples that trials hold out
  std::int64_t epochs = 0;  ///< of a trial; 0 and steps 0: as long as the runs
  std::int64_t steps = 0;
  std::uint64_t seed = 0;
};

/// One learning rate tried for one group of runs.
struct Trial {
  std::string group;
  double factor = 1.0;  ///< of the group's own learning rate
  RunSpec plan;
};

/// How a trial ended.
struct TrialResult {
  double learning_rate = 0.0;
  std::string status;
  double value = 0.0;  ///< of the criterion at the end
  double train_loss = 0.0;
};

/// Reads [tune] of a study with these runs; nothing where there is no such table. Local. Throws
/// ConfigurationError.
std::optional<TuneOptions> read_tune(const Settings& settings, std::uint64_t study_seed,
                                     const std::vector<RunSpec>& runs);

/// The trials of every group, its rates ascending: the group's first run with the trial's rate,
/// seed, length and held-out samples, without probes. Local.
std::vector<Trial> trials_of(const TuneOptions& options, const std::vector<RunSpec>& runs);

/// The best of one group's trials, whose rates ascend; of equal ones the one with the lower rate.
/// Diverged trials never win; trials that reached no target come after all that did, by their
/// training loss. Nothing where all diverged. Local.
std::optional<std::size_t> best_trial(TuneCriterion criterion,
                                      std::span<const TrialResult> results);

/// The result of a trial, from its record. Local.
TrialResult trial_result(TuneCriterion criterion, const Record& trial);

/// A group's choice.
struct TunedRate {
  std::string group;
  std::optional<std::size_t> trial;  ///< the best one's place among all trials
  bool at_edge = false;              ///< at an end of its grid: the best may lie beyond
};

/// The choice of every group, in their order. Local.
std::vector<TunedRate> tuned_rates(const TuneOptions& options, const std::vector<Trial>& trials,
                                   const std::vector<TrialResult>& results);

/// Adds /tune, a row a trial, to a study's record. Local.
void write_tune(Record& study, const TuneOptions& options, const std::vector<Trial>& trials,
                const std::vector<TrialResult>& results);

}  // namespace thalweg
