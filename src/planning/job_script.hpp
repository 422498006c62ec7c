#pragma once

#include <string>
#include <vector>

#include "planning/site.hpp"
#include "planning/study_plan.hpp"

namespace thalweg {

/// What a scheduler is asked for.
struct JobSize {
  std::int64_t nodes = 1;
  std::int64_t ranks_per_node = 1;
  std::int64_t mebibytes_per_node = 0;
  double seconds = 0.0;       ///< of one job
  std::int64_t requeues = 0;  ///< jobs that follow, each resuming, where one is not enough
};

/// Predicted time and memory with their margins, as a site can give them: as many ranks on a node
/// as have cores and memory there, the signal's time on top, at most max_walltime. Local. Throws
/// ConfigurationError where not even one rank fits a node's memory.
[[nodiscard]] JobSize job_size(const StudyPlan& plan, const Site& site);

/// A script for sbatch: the options of site and size, and the commands of the site's own script
/// (`commands`, the text of study.sbatch, whose options are left out), given the study and its
/// further arguments, reading `site_file`. Local.
[[nodiscard]] std::string job_script(const StudyPlan& plan, const Site& site, const JobSize& size,
                                     const std::string& site_file, const std::string& commands,
                                     const std::vector<std::string>& arguments);

}  // namespace thalweg
