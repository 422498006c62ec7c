#pragma once

#include <gtest/gtest.h>
#include <mpi.h>

namespace thalweg::testing {

inline bool is_alone() {
  int size = 1;
  MPI_Comm_size(MPI_COMM_WORLD, &size);
  return size == 1;
}

}  // namespace thalweg::testing

/// For long tests of local code: further ranks would do the same once more each.
#define THALWEG_SKIP_UNLESS_ALONE() \
  if (!::thalweg::testing::is_alone()) GTEST_SKIP() << "local: one rank shows it"
