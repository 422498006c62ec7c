#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "objectives/composed/curve.hpp"
#include "optimizers/options.hpp"
#include "optimizers/schedule.hpp"
#include "runs/run_settings.hpp"

namespace thalweg {

/// How the inner control points of a path are trained.
struct CurveTraining {
  std::int64_t epochs = 10;
  std::int64_t steps = 0;
  std::int64_t batch = 0;  ///< 0: the run's
  OptimizerOptions optimizer;
  double learning_rate = 0.0;
  ScheduleOptions schedule;
  double checkpoint_every_s = 60.0;
};

/// A path between the ends of two runs.
struct ConnectionSpec {
  std::string name;
  std::string from;            ///< t = 0
  std::string to;              ///< t = 1; with permuted_copy the same run
  bool permuted_copy = false;  ///< t = 1 is a copy of `from`, its hidden units shuffled
  bool aligned = false;        ///< t = 1 is brought near to t = 0 by weight matching
  CurveKind curve = CurveKind::line;
  std::int64_t bends = 0;
  std::int64_t points = 31;  ///< of the profile
  std::uint64_t seed = 0;
  CurveTraining training;  ///< of curves with bends
};

/// "line", "arc", "bezier", "chain".
[[nodiscard]] std::string name_of(CurveKind curve);

/// Reads [[connection]]; one path a seed where groups are named. Local. Throws ConfigurationError.
std::vector<ConnectionSpec> read_connection_specs(const Settings& settings,
                                                  const std::vector<RunSpec>& runs,
                                                  std::uint64_t study_seed);

}  // namespace thalweg
