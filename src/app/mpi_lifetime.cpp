#include "app/mpi_lifetime.hpp"

#include <mpi.h>

#include <exception>

#include "parallel/communicator.hpp"

namespace thalweg {

MpiLifetime::MpiLifetime(int& argc, char**& argv) {
  int provided = MPI_THREAD_SINGLE;
  check_mpi(MPI_Init_thread(&argc, &argv, MPI_THREAD_FUNNELED, &provided), "MPI_Init_thread");
}

MpiLifetime::~MpiLifetime() {
  if (std::uncaught_exceptions() == 0) MPI_Finalize();
}

}  // namespace thalweg
