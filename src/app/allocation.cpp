#include "app/allocation.hpp"

#include <fmt/format.h>

#include <charconv>
#include <string_view>

#include "base/error.hpp"

namespace thalweg {

namespace {

/// The number at the start of `text`, which it is taken from; 0 where there is none.
std::int64_t take_number(std::string_view& text) {
  std::int64_t number = 0;
  const auto parsed = std::from_chars(text.data(), text.data() + text.size(), number);
  text.remove_prefix(static_cast<std::size_t>(parsed.ptr - text.data()));
  return number;
}

std::int64_t number_of(const Environment& environment, const std::string& name) {
  const std::string value = environment.get(name);
  std::string_view text = value;
  return take_number(text);
}

/// The sum of SLURM's "2(x3),4": two on each of three nodes and four on another.
std::int64_t total_of(std::string_view text) {
  std::int64_t total = 0;
  while (!text.empty()) {
    const std::int64_t each = take_number(text);
    std::int64_t times = 1;
    if (text.starts_with("(x")) {
      text.remove_prefix(2);
      times = take_number(text);
    }
    total += each * times;
    const auto comma = text.find(',');
    text.remove_prefix(comma == std::string_view::npos ? text.size() : comma + 1);
  }
  return total;
}

/// mpirun starts a daemon on each node by an srun of its own: then the step's tasks are those.
bool started_by_mpirun(const Environment& environment) {
  return !environment.get("OMPI_COMM_WORLD_SIZE").empty();
}

[[noreturn]] void refuse_tasks(std::int64_t tasks, std::int64_t ranks) {
  throw ConfigurationError(fmt::format(
      "srun started {} tasks, but MPI makes worlds of {} of them: each world would do all of the "
      "work, in the same folder; start them by `srun --mpi=pmix` (`srun --mpi=list` says what "
      "there is) or by mpirun",
      tasks, ranks));
}

}  // namespace

void refuse_tasks_without_mpi(const Environment& environment) {
  const std::int64_t tasks = number_of(environment, "SLURM_STEP_NUM_TASKS");
  // What an MPI plug-in of SLURM leaves for the library: PMIX_RANK, PMI_RANK, PMI_FD, …
  const bool plugged = !environment.with_prefix("PMI").empty();
  if (tasks > 1 && !plugged && !started_by_mpirun(environment)) refuse_tasks(tasks, 1);
}

std::vector<std::string> check_allocation(const Environment& environment, std::int64_t ranks,
                                          std::int64_t threads) {
  if (environment.get("SLURM_JOB_ID").empty()) return {};
  const bool by_mpirun = started_by_mpirun(environment);
  const std::int64_t step_tasks = number_of(environment, "SLURM_STEP_NUM_TASKS");
  if (!by_mpirun && step_tasks > ranks) refuse_tasks(step_tasks, ranks);
  std::vector<std::string> warnings;
  const std::int64_t cpus = total_of(environment.get("SLURM_JOB_CPUS_PER_NODE"));
  if (cpus > 0 && ranks * threads > cpus) {
    warnings.push_back(
        fmt::format("{} ranks of {} threads share the {} CPUs of the job's allocation: they wait "
                    "for each other; ask sbatch for more tasks, or start fewer ranks",
                    ranks, threads, cpus));
  }
  // In a step of srun this number is the step's.
  const std::int64_t tasks = number_of(environment, "SLURM_NTASKS");
  if (step_tasks == 0 && tasks > ranks) {
    warnings.push_back(
        fmt::format("{} ranks run, but the job has {} tasks: the others' CPUs idle; `srun "
                    "--mpi=pmix` or mpirun starts a rank for each",
                    ranks, tasks));
  }
  return warnings;
}

}  // namespace thalweg
