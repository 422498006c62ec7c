#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "records/record.hpp"
#include "runs/run_settings.hpp"
#include "statistics/correlation.hpp"

namespace thalweg {

/// What [correlation] asks for.
struct CorrelationOptions {
  std::vector<std::string> gaps;  ///< "loss": test − training loss; "error": of the errors
  std::vector<std::string> axes;  ///< keys swept over that the granulated coefficient averages over
  BootstrapOptions bootstrap;
};

/// Reads [correlation]; none if the study has no such table. Local. Throws ConfigurationError.
std::optional<CorrelationOptions> read_correlation(const Settings& settings,
                                                   std::uint64_t study_seed,
                                                   const std::vector<RunSpec>& runs);

/// Adds /correlation to a study's record, which has its /summary: a row a measure (every scalar of
/// every probe at the runs' ends but for those that check another, and what a run tells without
/// any) with its rank correlations with the generalisation gap over the runs of `plans`, and
/// returns the same as a table for a person. A run that diverged or missed its target, or whose
/// measure or gap has no value, does not count. After Jiang et al. 2020 (1912.02178); that such a
/// coefficient may be large in the mean and fail where one looks closer is said in Dziugaite et al.
/// 2020 (2010.11924). Local.
std::string correlate(Record& study, const CorrelationOptions& options,
                      const std::vector<RunSpec>& plans);

}  // namespace thalweg
