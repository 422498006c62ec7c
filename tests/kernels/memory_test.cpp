#include "kernels/memory.hpp"

#include <gtest/gtest.h>

#include "kernels/regression.hpp"

namespace thalweg {
namespace {

TEST(Memory, RefusesWithTheLargestThatFits) {
  const Communicator comm = Communicator::duplicate(MPI_COMM_WORLD);
  const auto need = [](std::int64_t n) { return 8 * n * n; };
  const std::int64_t node = std::int64_t{8} * 100 * 100 * comm.size();
  EXPECT_NO_THROW(require_memory(comm, "a matrix", 100, need, node));
  try {
    require_memory(comm, "a matrix", 101, need, node);
    ADD_FAILURE() << "too large a matrix was accepted";
  } catch (const ReportedError& error) {
    EXPECT_EQ(error.code(), ExitCode::usage);
  }
  EXPECT_GT(available_memory_bytes(), std::int64_t{1} << 20);
}

TEST(Memory, OfARegressionStaysNearTheMatrix) {
  for (const int ranks : {1, 2, 4}) {
    const double matrix = 8.0 * 20000.0 * 20000.0 / ranks;
    EXPECT_LT(static_cast<double>(regression_bytes(20000, 10, ranks, 1, 8)), 1.3 * matrix);
    EXPECT_LT(static_cast<double>(regression_bytes(20000, 10, ranks, 1, 8, RegressionMethod::cg)),
              0.2 * matrix);
  }
}

}  // namespace
}  // namespace thalweg
