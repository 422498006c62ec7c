#include "planning/job_script.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <sstream>

#include "base/duration.hpp"
#include "base/error.hpp"
#include "base/shell_quoted.hpp"

namespace thalweg {

namespace {

constexpr double kMebibyte = 1024.0 * 1024.0;
constexpr double kGibibyte = 1024.0 * kMebibyte;

std::string option(const char* name, const std::string& value) {
  return value.empty() ? std::string() : fmt::format("#SBATCH --{}={}\n", name, value);
}

/// Without the interpreter's line, the comments before the first command and the options.
std::string commands_of(const std::string& script) {
  std::string kept;
  std::istringstream lines(script);
  bool begun = false;
  for (std::string line; std::getline(lines, line);) {
    if (line.starts_with("#SBATCH")) continue;
    if (!begun && (line.empty() || line.front() == '#')) continue;
    begun = true;
    kept += line;
    kept += '\n';
  }
  return kept;
}

}  // namespace

JobSize job_size(const StudyPlan& plan, const Site& site) {
  JobSize size;
  const double of_rank = kMemoryMargin * plan.memory_bytes();
  const double of_node = site.memory_per_node_gib * kGibibyte;
  const auto fit = static_cast<std::int64_t>(of_node / of_rank);
  if (fit < 1) {
    throw ConfigurationError(fmt::format(
        "a rank needs {:.1f} GiB with its margin, but memory_per_node_gib is {}: more ranks hold "
        "less each, see `thalweg plan --ranks`",
        of_rank / kGibibyte, site.memory_per_node_gib));
  }
  const std::int64_t most = std::min({fit, site.cores_per_node, plan.ranks});
  size.nodes = (plan.ranks + most - 1) / most;
  // Nearly as many on each.
  size.ranks_per_node = (plan.ranks + size.nodes - 1) / size.nodes;
  size.mebibytes_per_node = static_cast<std::int64_t>(
      std::ceil(of_rank * static_cast<double>(size.ranks_per_node) / kMebibyte));
  const auto signal_s = static_cast<double>(site.signal_before_end_s);
  const double work_s = kTimeMargin * plan.forecast.wall_s;
  // In SLURM's minutes, the most rounded down.
  constexpr double minute_s = 60.0;
  size.seconds = std::min(std::ceil((work_s + signal_s) / minute_s),
                          std::max(std::floor(site.max_walltime_s / minute_s), 1.0)) *
                 minute_s;
  const double of_job_s = std::max(site.max_walltime_s - signal_s, 1.0);
  size.requeues = static_cast<std::int64_t>(std::ceil(work_s / of_job_s)) - 1;
  return size;
}

std::string job_script(const StudyPlan& plan, const Site& site, const JobSize& size,
                       const std::string& site_file, const std::string& commands,
                       const std::vector<std::string>& arguments) {
  std::string text = fmt::format(
      "#!/bin/bash\n# {}: predicted {:.0f} s and {:.0f} MiB a rank on {} ranks; asked for with "
      "{:.0f} "
      "% more time and {:.0f} % more memory.\n",
      plan.name, plan.forecast.wall_s, plan.memory_bytes() / kMebibyte, plan.ranks,
      100.0 * (kTimeMargin - 1.0), 100.0 * (kMemoryMargin - 1.0));
  if (size.requeues > 0) {
    text += fmt::format("# One job is not enough: it queues itself again, about {} times.\n",
                        size.requeues);
  }
  text += option("job-name", plan.name) + option("partition", site.partition) +
          option("account", site.account) + option("qos", site.qos) +
          option("constraint", site.constraint);
  text += fmt::format(
      "#SBATCH --nodes={}\n#SBATCH --ntasks={}\n#SBATCH --ntasks-per-node={}\n"
      "#SBATCH --cpus-per-task=1\n"
      "#SBATCH --mem={}M\n#SBATCH --time={}\n#SBATCH --signal=B:USR1@{}\n#SBATCH --requeue\n"
      "#SBATCH --open-mode=append\n",
      size.nodes, plan.ranks, size.ranks_per_node, size.mebibytes_per_node,
      duration_text(size.seconds), site.signal_before_end_s);
  text += fmt::format("set -- {}", shell_quoted(plan.file));
  for (const auto& argument : arguments) text += fmt::format(" {}", shell_quoted(argument));
  text += fmt::format("\nexport THALWEG_SITE={}\n", shell_quoted(site_file));
  return text + commands_of(commands);
}

}  // namespace thalweg
