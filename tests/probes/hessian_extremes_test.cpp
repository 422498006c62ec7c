#include "probes/hessian_extremes.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cmath>

#include "objectives/analytic/analytic.hpp"
#include "support/tiny_problem.hpp"

namespace thalweg {
namespace {

struct Extremes {
  double largest, largest_residual, smallest, smallest_residual, converged;
};

Extremes extremes(Objective<double>& objective, const std::vector<double>& x,
                  LanczosOptions options = {}) {
  const auto found = HessianExtremes(options).measure(objective, x, {});
  return {found.scalars[0].value, found.scalars[1].value, found.scalars[2].value,
          found.scalars[3].value, found.scalars[5].value};
}

// ½(ab − 1)², ½(Πw − 1)² and the second difference matrix.
TEST(HessianExtremes, HaveTheirClosedForms) {
  const auto world = Communicator::duplicate(MPI_COMM_WORLD);
  AnalyticObjective pair(world, 2, scalar_chain());
  EXPECT_NEAR(extremes(pair, {1, 1}).largest, 2.0, 1e-12);
  EXPECT_NEAR(extremes(pair, {1, 1}).smallest, 0.0, 1e-12);
  EXPECT_NEAR(extremes(pair, {2, 0.5}).largest, 4.25, 1e-12);
  EXPECT_NEAR(extremes(pair, {10, 0.1}).largest, 100.01, 1e-10);
  EXPECT_NEAR(extremes(pair, {2, 1}).smallest, -0.854102, 1e-6);
  EXPECT_NEAR(extremes(pair, {2, 1}).largest, 5.854102, 1e-6);
  AnalyticObjective triple(world, 3, scalar_chain());
  EXPECT_NEAR(extremes(triple, {2, 0.5, 1}).largest, 5.25, 1e-12);

  std::vector<double> second_difference(100, 0.0);
  for (std::size_t i = 0; i < 10; ++i) {
    second_difference[i * 10 + i] = 2.0;
    if (i > 0) second_difference[i * 10 + i - 1] = second_difference[(i - 1) * 10 + i] = -1.0;
  }
  AnalyticObjective chain(world, 10, quadratic(second_difference, std::vector<double>(10, 0.0)));
  const auto found = extremes(chain, std::vector<double>(10, 0.3));
  EXPECT_NEAR(found.largest, 3.9189859, 1e-7);
  EXPECT_NEAR(found.smallest, 0.0810141, 1e-7);
  EXPECT_LT(found.largest_residual, 1e-12);
  EXPECT_LT(found.smallest_residual, 1e-12);
  EXPECT_EQ(found.converged, 1.0);
}

// ½‖W2 W1 − M‖² at zero residual, W2 = diag(3, 1) (2 × 2), W1 = diag(2, ½): the non-zero
// eigenvalues are σ_i(W2)² + σ_j(W1)² over all pairs: 13, 9.25, 5, 1.25; the other four of the
// eight are 0.
TEST(HessianExtremes, OfALinearNetAtZeroResidualAreSumsOfSquaredSingularValues) {
  const auto world = Communicator::duplicate(MPI_COMM_WORLD);
  using Matrix = std::array<double, 4>;
  const auto times = [](const double* a, const double* b) {
    return Matrix{a[0] * b[0] + a[1] * b[2], a[0] * b[1] + a[1] * b[3], a[2] * b[0] + a[3] * b[2],
                  a[2] * b[1] + a[3] * b[3]};
  };
  const auto transposed = [](const double* a) { return Matrix{a[0], a[2], a[1], a[3]}; };
  const Matrix target{6.0, 0.0, 0.0, 0.5};
  AnalyticObjective::Formulas formulas;
  formulas.value = [=](std::span<const double> x) {
    const auto product = times(x.data(), x.data() + 4);
    double sum = 0.0;
    for (std::size_t i = 0; i < 4; ++i)
      sum += 0.5 * (product[i] - target[i]) * (product[i] - target[i]);
    return sum;
  };
  // At zero residual H = JᵀJ, J v = V2 W1 + W2 V1.
  formulas.hessian_vector = [=](std::span<const double> x, std::span<const double> v,
                                std::span<double> out) {
    const auto a = times(v.data(), x.data() + 4);
    const auto b = times(x.data(), v.data() + 4);
    Matrix j{};
    for (std::size_t i = 0; i < 4; ++i) j[i] = a[i] + b[i];
    const auto w1_t = transposed(x.data() + 4);
    const auto w2_t = transposed(x.data());
    const auto g2 = times(j.data(), w1_t.data());
    const auto g1 = times(w2_t.data(), j.data());
    std::copy(g2.begin(), g2.end(), out.begin());
    std::copy(g1.begin(), g1.end(), out.begin() + 4);
  };
  AnalyticObjective net(world, 8, formulas);
  const std::vector<double> minimum{3, 0, 0, 1, 2, 0, 0, 0.5};
  EXPECT_EQ(net.value(minimum, {}), 0.0);
  LanczosOptions options;
  options.tolerance = 1e-14;
  const auto found = lanczos_extremes(
      net.space(),
      [&](std::span<const double> v, std::span<double> product) {
        net.hessian_vector(minimum, v, {}, product);
      },
      options);
  const std::vector<double> expected{0.0, 1.25, 5.0, 9.25, 13.0};
  ASSERT_EQ(found.ritz_values.size(), expected.size());
  for (std::size_t i = 0; i < expected.size(); ++i)
    EXPECT_NEAR(found.ritz_values[i], expected[i], 1e-10);
}

// Power iteration would find −9 here; the largest eigenvalue is 4. H = cI ends after one step.
TEST(HessianExtremes, TellTheLargestFromTheLargestInSize) {
  const auto world = Communicator::duplicate(MPI_COMM_WORLD);
  AnalyticObjective saddle(world, 3, quadratic({4, 0, 0, 0, -9, 0, 0, 0, 1}, {0, 0, 0}));
  EXPECT_NEAR(extremes(saddle, {1, 1, 1}).largest, 4.0, 1e-12);
  EXPECT_NEAR(extremes(saddle, {1, 1, 1}).smallest, -9.0, 1e-12);
  AnalyticObjective sphere(
      world, 4, quadratic({3, 0, 0, 0, 0, 3, 0, 0, 0, 0, 3, 0, 0, 0, 0, 3}, {0, 0, 0, 0}));
  const auto found = extremes(sphere, {1, 2, 3, 4});
  EXPECT_NEAR(found.largest, 3.0, 1e-12);
  EXPECT_NEAR(found.smallest, 3.0, 1e-12);
}

// Against a few hundred Lanczos steps on a net: few steps carry honest residuals, and all ranks the
// same bits.
TEST(HessianExtremes, OfANetCarryTheirResiduals) {
  const auto world = Communicator::duplicate(MPI_COMM_WORLD);
  const auto self = Communicator::duplicate(MPI_COMM_SELF);
  const auto measure = [](const Communicator& comm, double tolerance) {
    testing::TinyProblem<double> problem(comm, BatchNormKind::batch);
    LanczosOptions options;
    options.tolerance = tolerance;
    options.max_iterations = 300;
    return extremes(problem.objective, problem.point, options);
  };
  const auto rough = measure(world, 1e-2);
  const auto fine = measure(world, 1e-12);
  const auto alone = measure(self, 1e-2);
  EXPECT_EQ(rough.largest, alone.largest);
  EXPECT_EQ(rough.smallest_residual, alone.smallest_residual);
  EXPECT_EQ(fine.converged, 1.0);
  EXPECT_LT(fine.largest_residual, 1e-9);
  // A symmetric matrix has an eigenvalue within the residual of every Ritz value.
  EXPECT_LE(std::abs(rough.largest - fine.largest), rough.largest_residual + 1e-9);
  EXPECT_LE(std::abs(rough.smallest - fine.smallest), rough.smallest_residual + 1e-9);
}

}  // namespace
}  // namespace thalweg
