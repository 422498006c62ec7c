#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "landscape/audit_settings.hpp"
#include "optimizers/schedule.hpp"
#include "runs/run_settings.hpp"

namespace thalweg {

/// The steps after which a probe measures in a run that takes all steps of its schedule, ascending,
/// the end among them: what probe_due says, without asking every step. Local.
[[nodiscard]] std::vector<std::int64_t> probe_steps(const ProbeSpec& probe,
                                                    const Schedule& schedule);

/// One line for each probe, or for the runs that measure it alike: how often, and when. `samples`
/// is the number of training samples, those held out among them; without it a number that depends
/// on it is not told; a run on an objective without data has its own. Local.
[[nodiscard]] std::vector<std::string> probe_forecast(const std::vector<RunSpec>& runs,
                                                      std::optional<std::int64_t> samples);

/// One line for each [[audit]]: how often it asks every probe. Local.
[[nodiscard]] std::vector<std::string> audit_forecast(const std::vector<AuditSpec>& audits);

}  // namespace thalweg
