#include "records/provenance.hpp"

#include <fmt/format.h>
#include <hdf5.h>

#include <algorithm>
#include <ctime>

namespace thalweg {

Attributes provenance_attributes(const Provenance& provenance) {
  Attributes attributes{{"software_version", provenance.software_version},
                        {"git_sha", provenance.git_sha},
                        {"git_dirty", std::int64_t{provenance.git_dirty ? 1 : 0}},
                        {"command_line", provenance.command_line},
                        {"date", provenance.date},
                        {"hostnames", provenance.hostnames},
                        {"mpi_size", provenance.mpi_size},
                        {"threads", provenance.threads},
                        {"compiler", provenance.compiler},
                        {"blas", provenance.blas},
                        {"blas_core", provenance.blas_core},
                        {"mpi", provenance.mpi},
                        {"hdf5", provenance.hdf5}};
  for (const auto& [name, value] : provenance.slurm) attributes[name] = value;
  if (!provenance.mixed_machines.empty()) attributes["mixed_machines"] = provenance.mixed_machines;
  if (!provenance.merged_from.empty()) attributes["merged_from"] = provenance.merged_from;
  return attributes;
}

const std::vector<std::string>& provenance_names() {
  static const std::vector<std::string> names = [] {
    std::vector<std::string> all;
    for (const auto& [name, value] : provenance_attributes({})) all.push_back(name);
    return all;
  }();
  return names;
}

bool is_provenance(const std::string& attribute) {
  const auto& names = provenance_names();
  return attribute == "team_size" || attribute == "merged_from" || attribute == "mixed_machines" ||
         attribute.starts_with("SLURM_") ||
         std::find(names.begin(), names.end(), attribute) != names.end();
}

std::string utc_date() {
  const std::time_t now = std::time(nullptr);
  std::tm utc{};
  gmtime_r(&now, &utc);
  return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}Z", utc.tm_year + 1900, utc.tm_mon + 1,
                     utc.tm_mday, utc.tm_hour, utc.tm_min, utc.tm_sec);
}

std::string hdf5_version() {
  unsigned major = 0;
  unsigned minor = 0;
  unsigned release = 0;
  H5get_libversion(&major, &minor, &release);
  return fmt::format("{}.{}.{}", major, minor, release);
}

}  // namespace thalweg
