#pragma once

#include "optimizers/options.hpp"
#include "optimizers/schedule.hpp"
#include "settings/settings.hpp"

namespace thalweg {

/// Reads [optimizer] but for its rate: type, weight_decay, decay_normalisation, clip_norm, sam
/// (none | sam | asam), with it sam_radius, and what the type has besides; a flow has neither
/// clip_norm nor sam. A key that no run's type has is left unread, and so unknown. Local. Throws
/// ConfigurationError.
OptimizerOptions optimizer_settings(const Settings& table);

/// The same and learning_rate, which has a usual value for the type.
OptimizerOptions optimizer_settings(const Settings& table, double& learning_rate);

/// The keys of [optimizer] for a kind, but for its type and rate. Local.
std::vector<Key> keys_of(const OptimizerKind& kind);
Key learning_rate_key(const OptimizerKind& kind);

/// The keys of [schedule]. Local.
const std::vector<Key>& schedule_keys();

/// Reads [schedule]: type (constant | step | cosine | linear), warmup_epochs, scaling (none |
/// linear | sqrt), batch_epochs, batch_sizes, and what the type and the scaling have besides. A
/// batch is of at least `least_batch` samples. Local. Throws ConfigurationError.
ScheduleOptions schedule_settings(const Settings& table, std::int64_t least_batch);

}  // namespace thalweg
