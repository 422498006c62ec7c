#pragma once

#include <cstdint>
#include <string>

#include "planning/plan_messages.hpp"

namespace thalweg {

/// A cluster as jobs/site.conf describes it to job scripts and to `thalweg plan`.
struct Site {
  std::string partition;
  std::string account;
  std::string qos;
  std::string constraint;
  std::string setup;              ///< shell that is run in the job before thalweg
  std::string launcher = "auto";  ///< auto | srun | mpirun
  std::int64_t cores_per_node = 2;
  double memory_per_node_gib = 16.0;
  double max_walltime_s = 86400.0;
  std::int64_t signal_before_end_s = 120;
  double network_latency_us = 2.0;
  double network_bandwidth_gb_s = 12.0;

  /// Between nodes by the site's figures; within one by the same until those were measured. Local.
  [[nodiscard]] NetworkModel network() const;
};

/// Reads the text of a site file: lines name="text" or name=number without spaces around =, and
/// comments after #, so that a shell and TOML read the same. Local. Throws ConfigurationError that
/// names file and line: for a line of another form, a key that is not known or comes twice, a value
/// of another type or out of its range.
[[nodiscard]] Site read_site(const std::string& text, const std::string& file);

}  // namespace thalweg
