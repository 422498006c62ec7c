#pragma once

#include <cstdint>
#include <functional>
#include <vector>

#include "linalg/lanczos.hpp"
#include "probes/probe.hpp"
#include "settings/kind.hpp"

namespace thalweg {

/// What probes are to measure: the loss of a network, or an objective of which nothing is known but
/// value and derivatives.
enum class ProbeSubject : int { network, objective };

/// A probe, made of the values of its keys and the seed that its draws follow. Local.
struct ProbeKind : Kind<Probe, std::uint64_t> {
  /// Throws ConfigurationError, through the table that was read, for values that do not go
  /// together. May be none.
  std::function<void(const Values& values, const Settings& table)> check = {};
  /// Does it draw anything? Always, where there is none.
  std::function<bool(const Values& values)> draws = {};
  /// Of a network alone, whose samples and outputs it looks at?
  ProbeSubject subject = ProbeSubject::objective;
  /// About a matrix of which there may be several, and blocks; see CurvatureProbe.
  bool is_of_curvature = false;
};

/// The probes that [[probe]] type can name. A further one is a file here and a row in its table.
const std::vector<ProbeKind>& probe_kinds();

/// iterations and tolerance. Local.
std::vector<Key> lanczos_keys();
LanczosOptions lanczos_options(const Values& values, std::uint64_t seed);
/// Throws ConfigurationError where an integer is 1: one value has no standard error. Local.
void refuse_one(const Values& values, const Settings& table, const std::string& key);
/// Draws of nothing. Local.
inline bool draws_nothing(const Values& /*values*/) {
  return false;
}

}  // namespace thalweg
