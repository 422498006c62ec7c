#include <gtest/gtest.h>
#include <mpi.h>

#include <cstdio>
#include <exception>
#include <string>

#include "base/blas_setup.hpp"

namespace {

/// Prints the failures of every rank, with the rank's number; the default printer stays on rank 0
/// alone.
class FailurePrinter : public testing::EmptyTestEventListener {
 public:
  FailurePrinter(int rank, int size) : rank_(rank), size_(size) {}
  void OnTestPartResult(const testing::TestPartResult& result) override {
    if (!result.failed()) return;
    std::fprintf(stderr, "[rank %d/%d] %s:%d: %s\n", rank_, size_,
                 result.file_name() != nullptr ? result.file_name() : "?", result.line_number(),
                 result.message());
  }

 private:
  int rank_;
  int size_;
};

}  // namespace

int main(int argc, char** argv) {
  MPI_Init(&argc, &argv);
  testing::InitGoogleTest(&argc, argv);
  // A throw on one rank must end the whole run, not leave the other ranks waiting in a collective.
  testing::GTEST_FLAG(catch_exceptions) = false;
  std::set_terminate([] {
    if (auto error = std::current_exception()) {
      try {
        std::rethrow_exception(error);
      } catch (const std::exception& e) {
        std::fprintf(stderr, "uncaught: %s\n", e.what());
      } catch (...) {
        std::fprintf(stderr, "uncaught exception of an unknown type\n");
      }
    }
    MPI_Abort(MPI_COMM_WORLD, 70);
  });
  thalweg::use_one_blas_thread();
  int rank = 0;
  int size = 1;
  MPI_Comm_rank(MPI_COMM_WORLD, &rank);
  MPI_Comm_size(MPI_COMM_WORLD, &size);
  auto& listeners = testing::UnitTest::GetInstance()->listeners();
  if (rank != 0) delete listeners.Release(listeners.default_result_printer());
  if (size > 1) listeners.Append(new FailurePrinter(rank, size));
  const int mine = RUN_ALL_TESTS();
  int worst = mine;
  MPI_Allreduce(&mine, &worst, 1, MPI_INT, MPI_MAX, MPI_COMM_WORLD);
  MPI_Finalize();
  return worst;
}
