#include <fmt/format.h>
#include <mpi.h>

#include <cstdio>
#include <exception>
#include <string>
#include <vector>

#include "app/allocation.hpp"
#include "app/command_line.hpp"
#include "app/environment.hpp"
#include "app/failure.hpp"
#include "app/mpi_lifetime.hpp"
#include "base/blas_setup.hpp"
#include "base/terminal.hpp"
#include "parallel/communicator.hpp"
#include "parallel/host_name.hpp"
#include "parallel/interrupt.hpp"

namespace {

using namespace thalweg;

void abort_on_terminate() {
  std::set_terminate([] {
    std::fputs("thalweg: terminated by an error that nothing could handle\n", stderr);
    MPI_Abort(MPI_COMM_WORLD, 70);
  });
}

/// A rank that fails alone ends the others, which may be waiting for it. What it lacks may be its
/// host's fault.
int fail(const std::string& message, ExitCode code) {
  const std::string host = rank_label().empty() ? "" : fmt::format("host {}: ", host_name());
  std::fputs(fmt::format("thalweg: {}{}{}\n", rank_label(), host, message).c_str(), stderr);
  std::fflush(stdout);
  // A single rank has nobody to wait for; it ends in order.
  if (!rank_label().empty()) MPI_Abort(MPI_COMM_WORLD, static_cast<int>(code));
  MPI_Finalize();
  return static_cast<int>(code);
}

int run(int argc, char** argv, const Environment& environment) {
  const std::vector<std::string> arguments(argv, argv + argc);
  // A job that is signalled while MPI starts, which may take long, must not be killed by it.
  const Interrupt interrupt;
  const MpiLifetime mpi(argc, argv);
  abort_on_terminate();
  use_one_blas_thread();
  const Communicator world = Communicator::duplicate(MPI_COMM_WORLD);
  const Log log(world.is_root(), stderr_reaches_terminal());
  const Communicator failures = Communicator::duplicate(MPI_COMM_WORLD);
  const Session session{world, log, environment, arguments};
  try {
    return static_cast<int>(run_command_line(session, argc, argv));
  } catch (const ReportedError& error) {
    // One rank has printed the cause. If all ranks are here they can end in order; a team that
    // failed alone must not leave the others waiting for it.
    if (error.ranks() < world.size()) MPI_Abort(MPI_COMM_WORLD, static_cast<int>(error.code()));
    return static_cast<int>(error.code());
  } catch (const Error& error) {
    if (!all_failed(failures, error.what())) throw;
    return static_cast<int>(error.code());
  }
}

}  // namespace

int main(int argc, char** argv) {
  const Environment environment = Environment::capture();
  try {
    refuse_tasks_without_mpi(environment);
  } catch (const Error& error) {
    std::fputs(fmt::format("thalweg: {}\n", error.what()).c_str(), stderr);
    return static_cast<int>(error.code());
  }
  try {
    return run(argc, argv, environment);
  } catch (const Error& error) {
    return fail(error.what(), error.code());
  } catch (const std::bad_alloc&) {
    return fail("out of memory", ExitCode::failed);
  } catch (const std::exception& error) {
    return fail(error.what(), ExitCode::failed);
  }
}
