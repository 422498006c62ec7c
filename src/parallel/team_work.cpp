#include "parallel/team_work.hpp"

#include <fmt/format.h>

#include <chrono>
#include <cstdio>
#include <new>
#include <thread>

#include "base/clock.hpp"

namespace thalweg {

TeamWork::TeamWork(const Communicator& team) : failures_(team.split(0)) {}

bool TeamWork::attempt(const std::string& name, const std::function<void()>& work,
                       double patience_s) const {
  std::string message;
  try {
    work();
    return true;
  } catch (const ReportedError& error) {
    // Thrown by all ranks of one communicator: where that is the team, they are all here.
    if (error.ranks() == failures_.size()) return false;
    throw;
  } catch (const std::bad_alloc&) {
    message = "out of memory";
  } catch (const std::exception& error) {
    message = error.what();
  }
  agree_on_failure(name, message, patience_s);
  return false;
}

void TeamWork::agree_on_failure(const std::string& name, const std::string& message,
                                double patience_s) const {
  MPI_Request request = MPI_REQUEST_NULL;
  check_mpi(MPI_Ibarrier(failures_.handle(), &request), "MPI_Ibarrier");
  const Stopwatch waited;
  int all_here = 0;
  while (true) {
    check_mpi(MPI_Test(&request, &all_here, MPI_STATUS_IGNORE), "MPI_Test");
    if (all_here != 0) break;
    if (waited.elapsed_s() > patience_s) {
      throw Error(
          fmt::format("{}: {} (on this rank alone, so that its team cannot go on)", name, message));
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  if (!failures_.is_root()) return;
  std::fputs(fmt::format("thalweg: {}{}: {}\n", rank_label(), name, message).c_str(), stderr);
}

}  // namespace thalweg
