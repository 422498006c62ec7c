#pragma once

#include <cstdint>
#include <string>

#include "runs/run_settings.hpp"

namespace thalweg {

/// A probe asked for on the command line.
struct AskedProbe {
  ProbeSpec plan;
  std::string settings;  ///< as TOML, every default written out
};

/// Reads "TYPE" or "TYPE:key=value,key=value" with the keys of a [[probe]] table but for those that
/// say when; commas within quotes and brackets belong to a value, a bare word is a string. Local.
/// Throws ConfigurationError.
AskedProbe read_asked_probe(const std::string& text, DrawSeeds seeds);

}  // namespace thalweg
