#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "data/augmentation.hpp"
#include "models/loss.hpp"
#include "models/model.hpp"
#include "optimizers/optimizer.hpp"
#include "probes/probe.hpp"
#include "studies/settings.hpp"

namespace thalweg {

/// A probe with its name, when it is asked and on what.
struct ProbePlan {
  std::string name;
  std::shared_ptr<Probe> probe;
  std::int64_t every_epochs = 0;  ///< 0, and every_steps 0: at the end of the run only
  std::int64_t every_steps = 0;
  std::int64_t samples = 0;  ///< the first of the training set; 0: all
  Statistics statistics = Statistics::batch;
};

struct TrainOptions {
  LossKind loss = LossKind::cross_entropy;
  std::int64_t batch = 64;
  std::int64_t shard = 0;  ///< 0: by default_shard
  std::int64_t epochs = 10;
  std::int64_t evaluate_every = 0;  ///< steps; 0: every epoch
  double target_loss = 0.0;         ///< training loss to stop at; 0: none
  bool drop_last = false;
  Augmentation augmentation;
  bool gradient_norm_every = false;  ///< at every evaluation, not at the end alone
  double checkpoint_every_s = 60.0;
};

/// Everything that decides one trajectory.
struct RunPlan {
  std::string name;
  std::string group;
  std::uint64_t seed = 0;
  TrainOptions train;
  ModelOptions model;
  OptimizerOptions optimizer;
  double learning_rate = 0.1;
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

/// Reads [model], [train], [optimizer], [[run]], [sweep] and [[probe]] of a study. Throws
/// ConfigurationError.
std::vector<RunPlan> read_run_plans(const Settings& settings, std::uint64_t study_seed);
/// Reads [[slice]]; each names two groups or runs of `runs`, and becomes one slice a shared seed.
std::vector<SlicePlan> read_slice_plans(const Settings& settings, const std::vector<RunPlan>& runs);
/// Whether a text may name files and groups: at most 100 letters, digits, '_', '-' and '.', no '.'
/// first.
[[nodiscard]] bool is_plain_name(const std::string& name);
/// Reads [[probe]].
std::vector<ProbePlan> read_probe_plans(const Settings& settings, std::uint64_t study_seed);

}  // namespace thalweg
