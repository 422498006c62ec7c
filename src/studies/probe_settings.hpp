#pragma once

#include <cstdint>
#include <memory>
#include <set>
#include <string>

#include "probes/probe.hpp"
#include "studies/settings.hpp"

namespace thalweg {

/// A probe as a [[probe]] table names it.
struct NamedProbe {
  std::string type;
  std::string name;
  std::shared_ptr<Probe> probe;
};

/// What probes are to measure: the loss of a network, or an objective of which nothing is known but
/// value and derivatives.
enum class ProbeGround : int { network, objective };

/// Reads type, name and what the type has besides; `names` are those given so far. Local. Throws
/// ConfigurationError, for a type that the ground does not bear, too.
NamedProbe read_named_probe(const Settings& table, std::uint64_t seed, ProbeGround ground,
                            std::set<std::string>& names);

}  // namespace thalweg
