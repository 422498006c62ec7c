#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "data/low_rank.hpp"
#include "data/ratings.hpp"
#include "objectives/factors/residual_loss.hpp"
#include "optimizers/direct/alternating_least_squares.hpp"
#include "optimizers/direct/mean_predictor.hpp"
#include "optimizers/direct/nuclear_norm.hpp"
#include "optimizers/flow/flow.hpp"
#include "optimizers/options.hpp"
#include "runs/study.hpp"
#include "settings/key.hpp"
#include "studies/completion/factor_probes.hpp"

namespace thalweg {

enum class MatrixSource : int { low_rank, ratings, razin_cohen, regression };

/// What [matrix] says.
struct MatrixSpec {
  MatrixSource source = MatrixSource::low_rank;
  LowRankOptions low_rank;
  std::int64_t measurements = 0;  ///< of low_rank: Gaussian measurements in place of entries
  RatingsOptions ratings;
  bool centre = false;        ///< of ratings: less the mean of the training entries
  std::int64_t samples = 0;   ///< of regression
  std::int64_t features = 0;  ///< of regression
  double condition = 0.0;     ///< of regression: largest over smallest singular value of the inputs
};

enum class MethodType : int { factorization, end_to_end, nuclear_norm, als, mean };
enum class FactorStart : int { gaussian, identity, orthogonal, aligned };

/// One way to complete a matrix: a [[method]] table with one value of each of its lists.
struct MethodSpec {
  std::string name;  ///< of the runs that differ in instance and observations alone
  MethodType type = MethodType::factorization;
  int depth = 1;
  std::int64_t hidden = 0;
  double scale = 1e-3;  ///< α
  FactorStart start = FactorStart::gaussian;
  bool is_flow = false;
  FlowOptions flow;  ///< absolute tolerance 0: by the start, see FlowRun
  OptimizerOptions optimizer;
  double learning_rate = 0.0;
  NuclearNormOptions nuclear;
  double gap_tolerance = 1e-6;
  std::int64_t check_every = 25;
  AlternatingOptions als;
  double als_tolerance = 1e-6;
  MeanKind mean = MeanKind::all;

  /// Is it a trajectory of parameters or of the matrix itself?
  [[nodiscard]] bool is_trajectory() const {
    return type == MethodType::factorization || type == MethodType::end_to_end;
  }
};

/// What all runs share.
struct CompletionSpec {
  MatrixSpec matrix;
  ResidualLoss loss;
  std::string loss_scale;
  std::vector<std::int64_t> instances;
  std::vector<std::int64_t> observed;  ///< of low_rank; else one value that is not used
  std::vector<MethodSpec> methods;
  /// Of factorizations, by the instance's number.
  std::map<std::int64_t, std::vector<FactorProbeSpec>> probes;
  double target_loss = 0.0;
  std::int64_t max_steps = 0;
  double max_time = 0.0;
  double first_time = 0.0;
  double points_per_decade = 0.0;
  std::vector<double> times;  ///< where to measure; empty: by points_per_decade
  std::int64_t singular_values = 0;
  bool alignment = true;
  bool keep_matrices = false;
  bool wide = true;  ///< float64
  double checkpoint_every_s = 60.0;
};

/// One run of the study.
struct CompletionRun {
  std::string name;
  std::string group;
  std::size_t method = 0;
  std::int64_t instance = 0;
  std::int64_t observed = 0;
};

/// The keys of [train] of kind completion. Local.
std::vector<Key> completion_train_keys();

/// Reads [matrix], [loss], [sweep], [train] and [[method]] for so many ranks. Local. Throws
/// ConfigurationError.
CompletionSpec read_completion(const Settings& settings, const StudyHeader& header, int ranks);

/// Every method on every instance. Local.
std::vector<CompletionRun> completion_runs(const CompletionSpec& plan);

}  // namespace thalweg
