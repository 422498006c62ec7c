#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "app/environment.hpp"

namespace thalweg {

/// Throws ConfigurationError where srun has started several tasks without an MPI plug-in: each
/// would be alone in its world and do all of the work, in the same folder. Local; before MPI_Init,
/// which in such a task may end the program in its own way.
void refuse_tasks_without_mpi(const Environment& environment);

/// What does not fit between `ranks` ranks of `threads` threads each and the job's allocation, a
/// sentence each; none outside of SLURM. Throws ConfigurationError where several tasks of one srun
/// have not become one world. Local: rank 0 asks, since on other nodes mpirun's ranks see other
/// variables.
std::vector<std::string> check_allocation(const Environment& environment, std::int64_t ranks,
                                          std::int64_t threads);

}  // namespace thalweg
