#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "linalg/distributed_matrix.hpp"
#include "linalg/factorization.hpp"
#include "linalg/lanczos.hpp"
#include "support/tiny_problem.hpp"

namespace thalweg {
namespace {

// The dense Hessian of a tiny net, column by column from the R-operator, diagonalised by ScaLAPACK:
// Lanczos must find its extremes.
TEST(Lanczos, AgreesWithTheFullEigensolutionOfANet) {
  const auto world = Communicator::duplicate(MPI_COMM_WORLD);
  testing::TinyProblem<double> problem(world, BatchNormKind::batch, LossKind::cross_entropy, {3});
  const std::int64_t n = problem.objective.dimension();
  std::vector<double> dense(static_cast<std::size_t>(n * n));
  std::vector<double> unit(static_cast<std::size_t>(n), 0.0);
  for (std::int64_t j = 0; j < n; ++j) {
    unit[static_cast<std::size_t>(j)] = 1.0;
    const auto column = problem.hessian_vector(unit);
    std::copy(column.begin(), column.end(), dense.begin() + j * n);
    unit[static_cast<std::size_t>(j)] = 0.0;
  }
  const ProcessGrid grid(world);
  DistributedMatrix<double> hessian(grid, n, n);
  DistributedMatrix<double> vectors(grid, n, n);
  hessian.fill(
      [&](std::int64_t i, std::int64_t j) { return dense[static_cast<std::size_t>(j * n + i)]; });
  const auto eigenvalues = symmetric_eigen(hessian, Triangle::lower, vectors);

  LanczosOptions options;
  options.max_iterations = n;
  options.tolerance = 1e-13;
  const auto found = lanczos_extremes(
      problem.objective.space(),
      [&](std::span<const double> v, std::span<double> product) {
        problem.objective.hessian_vector(problem.point, v, {}, product);
      },
      options);
  const double scale = std::max(std::abs(eigenvalues.front()), std::abs(eigenvalues.back()));
  EXPECT_NEAR(found.largest.front().value, eigenvalues.back(), 1e-11 * scale);
  EXPECT_NEAR(found.smallest.front().value, eigenvalues.front(), 1e-11 * scale);
  EXPECT_LT(found.largest.front().residual, 1e-8 * scale);
  EXPECT_GT(eigenvalues.back(), 0.0);
}

// tridiag(−1, 2, −1): 2 − 2 cos(kπ/11), the second largest too.
TEST(TridiagonalEigen, KnowsTheSecondDifferenceMatrix) {
  const auto eigen = tridiagonal_eigen(std::vector<double>(10, 2.0), std::vector<double>(9, -1.0));
  EXPECT_NEAR(eigen.values[9], 3.9189859, 1e-7);
  EXPECT_NEAR(eigen.values[8], 3.6825071, 1e-7);
  EXPECT_NEAR(eigen.values[0], 0.0810141, 1e-7);
}

}  // namespace
}  // namespace thalweg
