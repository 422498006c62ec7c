#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "runs/run_settings.hpp"

namespace thalweg {

/// How parameters are changed without changing the function.
enum class Rescaling {
  alpha,   ///< a hidden layer times α, what reads it over α: ReLU and its kin are homogeneous
  filter,  ///< weights in front of batch norm times α, whose output does not see their length
};

/// One run's end, rescaled by several factors.
struct AuditSpec {
  std::string name;
  std::string run;
  Rescaling rescaling = Rescaling::alpha;
  std::string layer;  ///< a hidden layer's name; empty: the first (alpha) or all (filter)
  std::vector<double> factors;
};

/// "alpha", "filter".
[[nodiscard]] std::string name_of(Rescaling rescaling);

/// Reads [[audit]]; one a seed where a group is named. Local. Throws ConfigurationError.
std::vector<AuditSpec> read_audit_specs(const Settings& settings, const std::vector<RunSpec>& runs);

}  // namespace thalweg
