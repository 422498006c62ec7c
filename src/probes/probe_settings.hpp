#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <set>
#include <string>

#include "probes/probe_kind.hpp"
#include "settings/settings.hpp"

namespace thalweg {

/// What a probe's draws may follow.
struct DrawSeeds {
  std::uint64_t study = 0;
  std::uint64_t run = 0;  ///< of the run that is measured; of a completion the instance's number
};

/// A probe as a [[probe]] table names it.
struct NamedProbe {
  std::string type;
  std::string name;
  std::shared_ptr<Probe> probe;
  std::optional<std::uint64_t> draw_seed;  ///< none where nothing is drawn
};

/// What probes of curvature take besides their own. Local.
std::vector<Key> curvature_keys(ProbeSubject subject);
/// What all take that draw. Local.
Key same_draws_key();

/// Reads type, name and what the type has besides; `names` are those given so far. Local. Throws
/// ConfigurationError, for a type that the subject does not bear, too.
/// Draws follow the run's seed, or with same_draws = true the study's, alike for all runs.
NamedProbe read_named_probe(const Settings& table, DrawSeeds seeds, ProbeSubject subject,
                            std::set<std::string>& names);

}  // namespace thalweg
