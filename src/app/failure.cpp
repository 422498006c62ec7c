#include "app/failure.hpp"

#include <fmt/format.h>
#include <mpi.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <thread>
#include <vector>

#include "base/clock.hpp"

namespace thalweg {

bool all_failed(const Communicator& failures, const std::string& message) {
  constexpr double patience_s = 1.0;
  MPI_Request request = MPI_REQUEST_NULL;
  int arrived = 0;
  if (MPI_Ibarrier(failures.handle(), &request) != MPI_SUCCESS) return false;
  for (const Stopwatch watch; arrived == 0;) {
    if (MPI_Test(&request, &arrived, MPI_STATUS_IGNORE) != MPI_SUCCESS) return false;
    if (arrived == 0 && watch.elapsed_s() > patience_s) return false;
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  const auto messages = failures.gather_strings(message);
  if (!failures.is_root()) return true;
  std::vector<std::string> said;
  for (const auto& one : messages) {
    if (std::find(said.begin(), said.end(), one) != said.end()) continue;
    said.push_back(one);
    std::fputs(fmt::format("thalweg: {}\n", one).c_str(), stderr);
  }
  return true;
}

}  // namespace thalweg
