#pragma once

#include <cstdint>
#include <string>

#include "runs/run_plan.hpp"

namespace thalweg {

/// A probe asked for on the command line.
struct ProbeSpec {
  ProbePlan plan;
  std::string settings;  ///< as TOML, every default written out
};

/// Reads "TYPE" or "TYPE:key=value,key=value" with the keys of a [[probe]] table but for those that
/// say when; commas within quotes and brackets belong to a value, a bare word is a string. Local.
/// Throws ConfigurationError.
ProbeSpec read_probe_spec(const std::string& text, DrawSeeds seeds);

}  // namespace thalweg
