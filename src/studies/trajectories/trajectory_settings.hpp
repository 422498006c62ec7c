#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "data/data_options.hpp"
#include "landscape/landscape_works.hpp"
#include "runs/study.hpp"
#include "runs/study_part.hpp"
#include "studies/trajectories/correlation_record.hpp"
#include "studies/trajectories/tune.hpp"

namespace thalweg {

/// Everything that a study of kind "trajectories" says.
struct TrajectorySpec {
  StudyHeader header;
  StudyPart part;
  DataOptions data;
  std::vector<RunSpec> runs;
  std::optional<TuneOptions> tune;
  LandscapeSpecs landscape;
  std::optional<CorrelationOptions> correlation;
  bool wide = false;  ///< float64
  std::string resolved;
};

/// Reads all of it but `resolved`, for so many ranks. Local. Throws ConfigurationError.
TrajectorySpec read_trajectory_spec(const Settings& settings, const StudyHeader& header,
                                    std::int64_t ranks);

/// What runs are dealt out by, longest first: samples seen plus a tax on every step. Local.
[[nodiscard]] double dealing_cost(const RunSpec& run, std::int64_t samples);

}  // namespace thalweg
