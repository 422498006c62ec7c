#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "objectives/network/network_loss.hpp"
#include "probes/probe.hpp"
#include "probes/probe_settings.hpp"
#include "settings/settings.hpp"

namespace thalweg {

/// A probe with its name, when it is asked and on what.
struct ProbeSpec {
  std::string name;
  std::shared_ptr<Probe> probe;
  std::optional<std::uint64_t> draw_seed;  ///< that its draws follow; none where nothing is drawn
  std::int64_t every_epochs = 0;           ///< 0, and every_steps 0: at the end of the run only
  std::int64_t every_steps = 0;
  Half half = Half::train;
  std::int64_t samples = 0;  ///< the first of that half; 0: all
  Statistics statistics = Statistics::batch;
};

/// When a probe measures. Local.
const std::vector<Key>& cadence_keys();
/// On what a probe of this type does, of a network. Local.
std::vector<Key> sample_keys(const std::string& type);

/// Reads [[probe]], for one run: of a network with the samples to measure on. Local. Throws
/// ConfigurationError.
std::vector<ProbeSpec> read_probe_specs(const Settings& settings, DrawSeeds seeds,
                                        ProbeSubject subject = ProbeSubject::network);

}  // namespace thalweg
