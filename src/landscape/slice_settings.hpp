#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "runs/run_settings.hpp"

namespace thalweg {

/// The slice between the minima of two runs (or of each pair of two groups' runs with the same
/// seed).
struct SliceSpec {
  std::string name;
  std::string from;  ///< α = 0
  std::string to;    ///< α = 1
  std::int64_t points = 25;
  double low = -1.0;
  double high = 2.0;
};

/// Reads [[slice]]; each names two groups or runs of `runs`, and becomes one slice a shared seed.
std::vector<SliceSpec> read_slice_specs(const Settings& settings, const std::vector<RunSpec>& runs);

}  // namespace thalweg
