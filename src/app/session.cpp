#include "app/session.hpp"

#include <fmt/format.h>
#include <mpi.h>

#include <algorithm>
#include <array>

#include "base/blas_setup.hpp"
#include "base/shell_quoted.hpp"
#include "base/terminal.hpp"
#include "parallel/host_name.hpp"
#include "thalweg_version.hpp"

namespace thalweg {

namespace {

std::string mpi_description() {
  std::array<char, MPI_MAX_LIBRARY_VERSION_STRING> text{};
  int length = 0;
  check_mpi(MPI_Get_library_version(text.data(), &length), "MPI_Get_library_version");
  const std::string whole(text.data(), static_cast<std::size_t>(length));
  return whole.substr(0, std::min(whole.find('\n'), whole.find(", package")));
}

std::string compiler() {
#if defined(__clang__)
  return "clang " __clang_version__;
#elif defined(__GNUC__)
  return "gcc " __VERSION__;
#else
  return "unknown";
#endif
}

}  // namespace

Provenance make_provenance(const Session& session) {
  Provenance provenance;
  provenance.software_version = THALWEG_VERSION;
  provenance.git_sha = THALWEG_GIT_SHA;
  provenance.git_dirty = THALWEG_GIT_DIRTY;
  for (const auto& argument : session.arguments) {
    if (!provenance.command_line.empty()) provenance.command_line += ' ';
    provenance.command_line += shell_quoted(argument);
  }
  provenance.date = utc_date();
  for (const auto& host : session.world.gather_strings(host_name())) {
    auto& names = provenance.hostnames;
    if (std::find(names.begin(), names.end(), host) == names.end()) names.push_back(host);
  }
  provenance.mpi_size = session.world.size();
  provenance.threads = 1;
  provenance.compiler = compiler();
  provenance.blas = blas_description();
  provenance.blas_core = blas_core();
  provenance.mpi = mpi_description();
  provenance.hdf5 = hdf5_version();
  provenance.slurm = session.environment.with_prefix("SLURM_");
  return provenance;
}

std::string version_text() {
  return fmt::format(
      "thalweg {}\ngit      {}{}\ncompiler {}\nmpi      {}\nhdf5     {}\nblas     {}\ncore     {}",
      THALWEG_VERSION, THALWEG_GIT_SHA, THALWEG_GIT_DIRTY ? " (with changes)" : "", compiler(),
      mpi_description(), hdf5_version(), blas_description(), blas_core());
}

ExitCode on_root(const Communicator& world, const std::function<ExitCode()>& action) {
  auto code = static_cast<std::int64_t>(ExitCode::done);
  collectively(world, [&] {
    if (world.is_root()) code = static_cast<std::int64_t>(action());
  });
  world.broadcast(std::span(&code, 1));
  return static_cast<ExitCode>(code);
}

std::size_t text_columns(const Session& session) {
  return stdout_columns(session.environment.get("COLUMNS"));
}

}  // namespace thalweg
