#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "records/record.hpp"

namespace thalweg {

/// How a record was made. Kept apart from results: two records of the same study may differ in all
/// of it.
struct Provenance {
  std::string software_version;
  std::string git_sha;
  bool git_dirty = false;
  std::string command_line;
  std::string date;                    ///< ISO 8601, UTC
  std::vector<std::string> hostnames;  ///< in rank order, each once
  std::int64_t mpi_size = 1;
  std::int64_t threads = 1;  ///< of BLAS inside a rank
  std::string compiler;
  std::string blas;
  std::string blas_core;  ///< core types whose kernels ran: bits depend on them
  std::string mpi;
  std::string hdf5;
  std::map<std::string, std::string> slurm;  ///< every SLURM_* variable
  /// What bits depend on and differed between ranks or resumes, a line each; empty: nothing.
  std::vector<std::string> mixed_machines;
  std::vector<std::string> merged_from;  ///< folders of the parts; empty: made in one piece
};

/// The root attributes that every record carries.
Attributes provenance_attributes(const Provenance& provenance);

/// Names of the root attributes above, without the SLURM_* ones.
const std::vector<std::string>& provenance_names();

/// Whether a root attribute says how a record was made, not what it found: those above, every
/// SLURM_*, team_size, mixed_machines and merged_from.
bool is_provenance(const std::string& attribute);

/// Now, as ISO 8601 in UTC.
std::string utc_date();

/// Version of the HDF5 library that runs. Local.
std::string hdf5_version();

}  // namespace thalweg
