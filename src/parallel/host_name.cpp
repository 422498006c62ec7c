#include "parallel/host_name.hpp"

#include <mpi.h>

#include <array>

#include "parallel/communicator.hpp"

namespace thalweg {

std::string host_name() {
  std::array<char, MPI_MAX_PROCESSOR_NAME> text{};
  int length = 0;
  check_mpi(MPI_Get_processor_name(text.data(), &length), "MPI_Get_processor_name");
  return {text.data(), static_cast<std::size_t>(length)};
}

}  // namespace thalweg
